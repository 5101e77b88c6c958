import { expect } from 'chai';
import { receivedFile } from '../../../server/ingest/ledger.ts';
import { afterApplied, checkPlace, isDue, type Place } from '../../../server/ingest/sequence.ts';
import type { FileRow } from '../../../server/store/port.ts';

const day = (number: number) => `2026-04-0${number}T00:00:00`;

function file(sequence: number, more: Partial<FileRow> = {}): FileRow {
  const about = { id: `f${sequence}`, name: `n${sequence}`, source: 'test', receivedAt: '', sha256: '', bytes: 1 };
  const place = { format: 'go2-gdw', kind: 'changes' as const, vpd: '277', state: 'applied' as const };
  return {
    ...receivedFile(about),
    ...place,
    sequence,
    windowFrom: day(sequence),
    windowTo: day(sequence + 1),
    ...more,
  };
}

function place(sequence: number, more: Partial<Place> = {}): Place {
  return {
    format: 'go2-gdw',
    kind: 'changes',
    vpd: '277',
    sequence,
    windowFrom: day(sequence),
    windowTo: day(sequence + 1),
    ...more,
  };
}

describe('the order of files', () => {
  it('takes the successor of the last applied file', () => {
    expect(checkPlace(place(2), [file(1)])).to.deep.equal({ ready: true });
  });

  it('holds changes that come before any full file', () => {
    expect(checkPlace(place(5), [])).to.include({ ready: false });
  });

  it('takes the first run of an interface and any full file without predecessors', () => {
    expect(checkPlace(place(1, { windowFrom: null }), [])).to.deep.equal({ ready: true });
    expect(checkPlace(place(1945, { kind: 'full' }), [])).to.deep.equal({ ready: true });
  });

  it('holds a gap in the sequence', () => {
    expect(checkPlace(place(3), [file(1)])).to.deep.equal({
      ready: false,
      reason: 'sequence gap: 3 came while 2 is awaited',
    });
  });

  it('holds a number that other bytes used, and one from before', () => {
    expect(checkPlace(place(1), [file(1)])).to.include({ ready: false });
    expect(checkPlace(place(1), [file(1), file(2)])).to.include({ ready: false });
    expect(checkPlace(place(1, { kind: 'full' }), [file(1)])).to.include({ ready: false });
  });

  it('holds a window that does not start where the last one ended', () => {
    expect(checkPlace(place(2, { windowFrom: day(3) }), [file(1)])).to.include({ ready: false });
  });

  it('takes a full file across a gap', () => {
    expect(checkPlace(place(7, { kind: 'full', windowFrom: day(1) }), [file(1)])).to.deep.equal({ ready: true });
  });

  it('lets a refused file use up neither its name nor its number', () => {
    expect(checkPlace(place(2), [file(1), file(2, { state: 'rejected' })])).to.deep.equal({ ready: true });
  });

  it('counts each interface of a VPD by itself', () => {
    expect(checkPlace(place(9, { format: 'go2-exp', kind: 'full' }), [file(20)])).to.deep.equal({ ready: true });
  });

  it('names the held file that a gap, once closed, makes due', () => {
    const held = file(3, { state: 'held' });
    const later = file(4, { state: 'held' });
    expect(afterApplied(file(2), [file(1), file(2), later, held]).next).to.equal(held);
  });

  it('supersedes held changes that a full file covers, and goes on with those it does not', () => {
    const covered = file(3, { state: 'held' });
    const later = file(6, { state: 'held' });
    const full = file(5, { kind: 'full' });
    expect(afterApplied(full, [file(1), covered, later, full])).to.deep.equal({ superseded: [covered], next: later });
  });

  it('sees a held file whose turn has come, but leaves one alone that a person must decide on', () => {
    const gap = file(3, { state: 'held', reason: 'sequence gap: 3 came while 2 is awaited' });
    expect(isDue(gap, [file(1), gap])).to.equal(false);
    expect(isDue(gap, [file(1), file(2), gap])).to.equal(true);
    const guarded = { ...gap, reason: 'more people would leave than the guard lets through' };
    expect(isDue(guarded, [file(1), file(2), guarded])).to.equal(false);
  });
});

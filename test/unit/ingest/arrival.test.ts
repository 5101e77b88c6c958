import { expect } from 'chai';
import { limits } from '../../../server/core/limits.ts';
import { Arrival } from '../../../server/ingest/arrival.ts';
import { tenantFrom } from '../../../server/registry/tenant-document.ts';

const tenant = tenantFrom({ id: 'rxx', name: 'Example Trust', ods: ['RXX'], vpds: ['277'] });

async function textOf(bytes: AsyncIterable<Uint8Array> | undefined): Promise<string | undefined> {
  if (bytes === undefined) return undefined;
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('What is remembered of a file that comes', () => {
  it('is all of its bytes, as often as they are asked for, whatever becomes of the memory that they came in', async () => {
    const arrival = new Arrival('test', tenant, 'a.DAT', []);
    const memory = Buffer.from('HDR~one\n');
    arrival.take(memory);
    memory.fill('x');
    arrival.take(Buffer.from('TRL~1\n'));
    expect(await textOf(arrival.bytes())).to.equal('HDR~one\nTRL~1\n');
    expect(await textOf(arrival.bytes())).to.equal('HDR~one\nTRL~1\n');
    arrival.forget();
    expect(await textOf(arrival.bytes())).to.equal(undefined);
  });

  it('is nothing of a file that is larger than there is room for', async () => {
    const arrival = new Arrival('test', tenant, 'a.DAT', []);
    const piece = Buffer.alloc(1024 * 1024);
    for (let bytes = 0; bytes < limits.arrivedBytesMax; bytes += piece.length) arrival.take(piece);
    expect(arrival.bytes()).not.to.equal(undefined);
    arrival.take(Buffer.from('x'));
    expect(arrival.bytes()).to.equal(undefined);
    arrival.take(Buffer.from('y'));
    expect(arrival.bytes()).to.equal(undefined);
  });
});

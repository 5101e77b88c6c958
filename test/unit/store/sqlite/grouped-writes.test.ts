import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Connection } from '../../../../server/store/sqlite/connection.ts';
import { type GroupedWrites, groupedWrites } from '../../../../server/store/sqlite/grouped-writes.ts';
import { systemFile } from '../../../../server/store/sqlite/system-file.ts';
import { temporaryFolder } from '../../../support/store-fixture.ts';

const insert = 'INSERT OR IGNORE INTO oauth(model, id, payload) VALUES(?, ?, ?)';

describe('statements that share a commit', () => {
  let file: Connection;
  let other: Connection;
  let clear: () => Promise<void>;
  let writes: GroupedWrites;

  beforeEach(async () => {
    const folder = await temporaryFolder();
    clear = folder.clear;
    const key = randomBytes(32);
    const open = () => systemFile(join(folder.path, 'system.db'), () => key);
    [file, other] = [open(), open()];
    file.open();
    writes = groupedWrites(file);
  });
  afterEach(async () => {
    for (const one of [file, other]) one.close();
    await clear();
  });

  const put = (id: string) => writes.run(insert, 'M', id, '{}');
  const stored = () => other.values<string>('SELECT id FROM oauth ORDER BY id');
  /** Commits are counted where they are made: in the file's own connection. */
  const countingCommits = () => {
    const { immediate } = file;
    let commits = 0;
    file.immediate = ((work) => {
      commits += 1;
      return immediate.call(file, work);
    }) as typeof immediate;
    return () => commits;
  };

  it('are committed together, each with its own number of rows, and stand in the file when they resolve', async () => {
    const commits = countingCommits();
    expect(await Promise.all([put('a'), put('b'), put('a'), put('c')])).to.deep.equal([1, 1, 0, 1]);
    expect(stored()).to.deep.equal(['a', 'b', 'c']);
    expect(commits()).to.equal(1);
    await put('d');
    expect(commits()).to.equal(2);
  });

  it('run in the order they came in', async () => {
    await Promise.all([put('a'), writes.run('DELETE FROM oauth WHERE id = ?', 'a'), put('b')]);
    expect(stored()).to.deep.equal(['b']);
  });

  it('are all refused where one of them fails, and none is done', async () => {
    const broken = writes.run('INSERT INTO oauth(model, id, payload) VALUES(?, ?, NULL)', 'M', 'x');
    const outcomes = await Promise.allSettled([put('a'), broken, put('b')]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected', 'rejected']);
    expect(stored()).to.deep.equal([]);
    expect(await put('a')).to.equal(1);
  });

  it('are committed before the file is closed', async () => {
    const last = put('a');
    writes.commit();
    file.close();
    expect(await last).to.equal(1);
    expect(stored()).to.deep.equal(['a']);
  });
});

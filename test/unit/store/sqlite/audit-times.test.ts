import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { auditLog } from '../../../../server/store/sqlite/audit.ts';
import { auditAppender } from '../../../../server/store/sqlite/audit-appender.ts';
import { auditFile } from '../../../../server/store/sqlite/audit-file.ts';
import { Connection } from '../../../../server/store/sqlite/connection.ts';
import { auditMigrations } from '../../../../server/store/sqlite/migrations.ts';
import { temporaryFolder } from '../../../support/store-fixture.ts';

const key = randomBytes(32);
const start = Date.parse('2026-04-01T09:00:00.000Z');
const rows = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => {
    const number = from + index;
    return { writer: 'serve', number, at: new Date(start + number).toISOString(), bytes: `{"n":${number}}`, hash: 'h' };
  });

describe('the order of audit rows by time', () => {
  let path: string;
  let clear: () => Promise<void>;

  beforeEach(async () => {
    const folder = await temporaryFolder();
    clear = folder.clear;
    path = join(folder.path, 'audit.db');
  });

  afterEach(() => clear());

  const numbers = async (file: Connection, descending: boolean) =>
    (await auditLog(file, () => []).scan({ descending, count: 10_000 })).map(({ number }) => number);

  it('has every row of a file that is older than its table', async () => {
    const older = new Connection({
      ...{ path, key: () => key, migrations: auditMigrations.slice(0, 1) },
      ...{ journal: 'WAL', synchronous: 'OFF', cacheKibibytes: 1024 },
    });
    await auditLog(older, () => []).append(rows(1, 1200));
    older.close();
    const file = auditFile(path, () => key);
    await auditLog(file, () => []).append(rows(1201, 1210));
    expect(await numbers(file, false)).to.deep.equal(rows(1, 1210).map(({ number }) => number));
    expect(await numbers(file, true)).to.have.length(1210);
    file.close();
  });

  it('is made by the thread that appends, as soon as it has nothing else to do', async () => {
    const appender = auditAppender();
    await appender.append(path, () => key, rows(1, 700));
    const file = auditFile(path, () => key);
    const indexed = () => file.value<number>('SELECT COUNT(*) FROM audit_time');
    const deadline = Date.now() + 10_000;
    while (indexed() !== 700 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(indexed()).to.equal(700);
    await appender.append(path, () => key, rows(701, 702));
    expect(await numbers(file, false)).to.have.length(702);
    file.close();
    await appender.end();
  });

  it('does not wait for rest where much is behind', async () => {
    const appender = auditAppender();
    await appender.append(path, () => key, rows(1, 600));
    const file = auditFile(path, () => key);
    // Twenty a second more: never 200 ms without one.
    for (let number = 601; number <= 620; number++) {
      await appender.append(path, () => key, rows(number, number));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(file.value<number>('SELECT COUNT(*) FROM audit_time')).to.be.at.least(600);
    file.close();
    await appender.end();
  });
});

import { expect } from 'chai';
import type { AuditLog, AuditRange, AuditRow } from '../../server/store/port.ts';
import { at, refusal, type StoreContext, tenantOf } from './store-fixture.ts';

const row = (writer: string, number: number, seconds: number, disclosed: readonly string[] = []): AuditRow => ({
  writer,
  number,
  at: at(seconds),
  bytes: JSON.stringify(disclosed),
  hash: `${writer}${number}`.padEnd(64, '0'),
});

export function describeAudit(context: StoreContext): void {
  for (const [where, log] of [
    ["a tenant's audit log", () => context.tenant().audit],
    ["the system's audit log", () => context.store().system.audit],
  ] as const) {
    describe(where, () => describeLog(log));
  }

  it('keeps audit rows over a close, and apart for each tenant', async () => {
    await context.tenant().audit.append([row('w', 1, 1)]);
    await context.reopen();
    expect(await context.tenant().audit.head('w')).to.deep.equal(row('w', 1, 1));
    expect(await context.tenant('two').audit.head('w')).to.equal(undefined);
    expect(await context.store().system.audit.head('w')).to.equal(undefined);
  });

  it('shares an audit log between stores', async () => {
    const other = tenantOf(await context.another(), 'one');
    await context.tenant().audit.append([row('w', 1, 1, ['P/1/1'])]);
    expect(await other.audit.disclosing('P/1')).to.have.length(1);
    expect(await refusal(other.audit.append([row('w', 1, 2)]))).to.equal('conflict');
    await other.audit.append([row('w', 2, 2, ['P/1/1'])]);
    expect(await context.tenant().audit.disclosing('P/1')).to.have.length(2);
  });
}

function describeLog(log: () => AuditLog): void {
  it("takes a writer's rows in order, and refuses any other number", async () => {
    expect(await log().head('w')).to.equal(undefined);
    expect(await refusal(log().append([row('w', 2, 1)]))).to.equal('conflict');
    await log().append([row('w', 1, 1), row('w', 2, 1)]);
    expect(await refusal(log().append([row('w', 2, 1)]))).to.equal('conflict');
    expect(await refusal(log().append([row('w', 3, 1), row('w', 5, 1)]))).to.equal('conflict');
    expect(await log().head('w')).to.deep.equal(row('w', 2, 1));
    await log().append([row('v', 1, 1)]);
    expect(await log().writers()).to.have.members(['v', 'w']);
    expect(await log().row('w', 1)).to.deep.equal(row('w', 1, 1));
    expect(await log().row('w', 3)).to.equal(undefined);
  });

  it("walks a writer's rows by number, whatever their times", async () => {
    await log().append([row('a', 1, 5), row('w', 1, 3), row('w', 2, 1), row('w', 3, 2), row('x', 1, 1)]);
    const numbers = async (from: number, count: number) =>
      (await log().chain('w', from, count)).map((one) => one.writer + one.number).join(' ');
    expect(await numbers(1, 9)).to.equal('w1 w2 w3');
    expect(await numbers(2, 1)).to.equal('w2');
    expect(await numbers(4, 9)).to.equal('');
    expect((await log().chain('w', 2, 1))[0]).to.deep.equal(row('w', 2, 1));
    expect(await log().writers()).to.have.ordered.members(['a', 'w', 'x']);
  });

  it('scans by time, writer and number, both ways, page by page', async () => {
    await log().append([row('b', 1, 1), row('b', 2, 2), row('b', 3, 2), row('b', 4, 4)]);
    await log().append([row('a', 1, 2), row('a', 2, 3)]);
    const scan = async (range: Partial<AuditRange>) =>
      (await log().scan({ descending: false, count: 99, ...range })).map((one) => one.writer + one.number).join(' ');
    expect(await scan({})).to.equal('b1 a1 b2 b3 a2 b4');
    expect(await scan({ descending: true })).to.equal('b4 a2 b3 b2 a1 b1');
    expect(await scan({ from: at(2), to: at(4) })).to.equal('a1 b2 b3 a2');
    expect(await scan({ count: 2 })).to.equal('b1 a1');
    const after = { at: at(2), writer: 'b', number: 2 };
    expect(await scan({ after, count: 2 })).to.equal('b3 a2');
    expect(await scan({ after, descending: true })).to.equal('a1 b1');
  });

  it('tells which rows disclosed a resource, in any version, oldest first', async () => {
    await log().append([row('w', 1, 1, ['P/1/1', 'R/1/1', 'P/1/2']), row('w', 2, 2), row('w', 3, 3, ['P/1/3'])]);
    const numbers = async (resource: string) => (await log().disclosing(resource)).map((one) => one.number);
    expect(await numbers('P/1')).to.deep.equal([1, 3]);
    expect(await numbers('R/1')).to.deep.equal([1]);
    expect(await numbers('P/11')).to.deep.equal([]);
    await log().append([row('w', 4, 4, ['R/1/9'])]);
    expect(await numbers('R/1')).to.deep.equal([1, 4]);
    expect((await log().disclosing('R/1'))[1]).to.deep.equal(row('w', 4, 4, ['R/1/9']));
  });

  it('indexes more rows than it takes in one step', async () => {
    const rows = Array.from({ length: 1201 }, (_, n) => row('w', n + 1, 1, [`P/${n % 3}/1`]));
    await log().append(rows);
    expect(await log().disclosing('P/0')).to.have.length(401);
  });
}

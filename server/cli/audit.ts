import { Command } from 'commander';
import { integrityEntry } from '../audit/checkpoint.ts';
import { auditBytes } from '../audit/row.ts';
import { anchoredCheckpoints } from '../commit/anchor-line.ts';
import { type Verification, verifyAuditLog } from '../commit/audit-verification.ts';
import { notedHeads } from '../commit/noted-head.ts';
import { writeBatch } from '../commit/write-batch.ts';
import { randomId } from '../core/id.ts';
import { checkpointKey } from '../keys/checkpoint-key.ts';
import { anchorFile } from './audit-anchor.ts';
import { type CommonOptions, command, print, UsageError } from './command.ts';
import { type House, inHouse, type OpenHouse, operatorStore } from './house.ts';

interface VerifyOptions extends CommonOptions {
  readonly tenant?: string;
  readonly system?: boolean;
}

/** `esr-fhir audit …`: is the record of who did what still the one that was written? */
export function auditCommand(open: OpenHouse): Command {
  return new Command('audit')
    .description('the tamper-evident audit log')
    .addCommand(
      command('verify', 'check hash chains, signed checkpoints and what is noted outside the log; exit 1 where bad')
        .option('--tenant <id>', "a tenant's log")
        .option('--system', 'the log of what belongs to no tenant')
        .action(({ tenant, system, ...options }: VerifyOptions) => {
          if ((tenant === undefined) === (system !== true)) throw new UsageError('name one of --tenant and --system');
          return inHouse(open, options, async (house) => {
            const verification = await verify(house, tenant ?? null);
            if (tenant !== undefined) await record(house, tenant, verification);
            print(options, document(verification), lines(tenant ?? 'system', verification));
            if (verification.findings.length > 0) process.exitCode = 1;
          });
        }),
    )
    .addCommand(
      command('key', 'print the public key that checkpoints and anchor lines are signed with').action(
        (options: CommonOptions) =>
          inHouse(open, options, async ({ keys }) => {
            const { id, publicPem } = checkpointKey(keys);
            print(options, { id, publicKey: publicPem }, [publicPem.trimEnd()]);
          }),
      ),
    );
}

/** @param tenant null for the system's log */
async function verify(house: House, tenant: string | null): Promise<Verification> {
  const { store, keys, settings } = house;
  const key = checkpointKey(keys);
  const log = tenant === null ? store.system.audit : (await operatorStore(house, tenant)).audit;
  // Before the log: a server that goes on writing may only add to what they name.
  const { head, lost } = await notedHeads(store.system.documents, tenant).all();
  const anchored = await anchoredCheckpoints(anchorFile(settings.auditAnchor).lines(), tenant, key);
  return verifyAuditLog(log, tenant, key, { head, lost, anchored });
}

/** That somebody looked, and what they saw, is audited too; where the tenant's data cannot be written, it is logged. */
async function record(house: House, tenant: string, { findings }: Verification): Promise<void> {
  const [first] = findings;
  const entry = (at: string) =>
    integrityEntry({
      ...{ at, tenant, interaction: 'audit-verify', requestId: randomId() },
      ...(first === undefined ? {} : { outcome: 8, reason: first.tampering }),
    });
  const store = await operatorStore(house, tenant);
  await writeBatch(store, house.clock, (at) => [{ op: 'audit', tenant, row: auditBytes(entry(at)) }]).catch(
    (error: Error) => house.logger.warn('the verification could not be recorded', { tenant, error: error.message }),
  );
}

function document({ findings, entries, checkpoints, unsigned }: Verification) {
  const [first] = findings;
  const counts = { ok: findings.length === 0, entries, checkpoints, unsigned };
  if (first === undefined) return counts;
  const { tampering, writer, number, why } = first;
  return { ...counts, first_bad: { writer, number }, tampering, why, findings };
}

function lines(whose: string, { findings, entries, checkpoints, unsigned }: Verification): string[] {
  const counts = `${entries} entries, ${checkpoints} checkpoints, ${unsigned} entries since the last one`;
  if (findings.length === 0) return [`the audit log of ${whose} is whole: ${counts}`];
  const found = findings.map(({ tampering, writer, number, why }) => `${tampering}  ${writer} ${number}  ${why}`);
  return [`the audit log of ${whose} has been tampered with (${counts})`, ...found];
}

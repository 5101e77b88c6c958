import type { Command } from 'commander';
import { limits } from '../core/limits.ts';
import { withLease } from '../jobs/lease.ts';
import type { Moved } from '../store/port.ts';
import { type IsolationModel, isolationModels, type Tenant } from '../tenancy/tenant.ts';
import { type CommonOptions, command, print, UsageError } from './command.ts';
import { type House, inHouse, type OpenHouse } from './house.ts';
import { auditOperator } from './operator-audit.ts';

interface MoveOptions extends CommonOptions {
  readonly isolation: string;
}

/** `esr-fhir tenant move ID --isolation M`. */
export function moveCommand(open: OpenHouse): Command {
  return command('move', 'move the data of a tenant to another isolation model; repeat it after a crash')
    .argument('<id>')
    .requiredOption('--isolation <model>', isolationModels.join('|'))
    .action((id: string, { isolation: wanted, ...options }: MoveOptions) =>
      inHouse(open, options, async (house) => {
        const { name, isolationModels: models } = house.store.capabilities;
        if (models.length === 1) {
          throw new UsageError(
            `the ${name} store isolates every tenant by ${models.join()}: there is nowhere to move to`,
          );
        }
        const isolation = models.find((model) => model === wanted);
        if (isolation === undefined) {
          throw new UsageError(`the ${name} store isolates tenants by ${models.join(', ')}, not by ${wanted}`);
        }
        await house.tenants.get(id);
        await auditOperator(house, null, { interaction: 'tenant-move', id });
        const moved = await moveTenant(house, id, isolation);
        await auditOperator(house, id, { interaction: 'tenant-move', id: isolation });
        const { documents, blobs } = moved ?? { documents: 0, blobs: 0 };
        const line = moved === undefined ? `${id} stands apart by ${isolation} already` : `${id} moved to ${isolation}`;
        print(options, { id, isolation, moved: moved !== undefined, documents, blobs }, [
          moved === undefined ? line : `${line}: ${documents} documents, ${blobs} blobs`,
        ]);
      }),
    );
}

/** What the tenant's status was before a move suspended it, so that one that broke off can give it back. */
const kind = 'tenant-move';

/**
 * Under the tenant's ingest lease, with the tenant suspended meanwhile. Goes on from where a crash left it; with the
 * model that the data still have, it takes a broken move back. Undefined where nothing had to be moved.
 */
async function moveTenant(
  { store, tenants, clock }: House,
  id: string,
  isolation: IsolationModel,
): Promise<Moved | undefined> {
  const { documents, leases } = store.system;
  return withLease(leases, `ingest/${id}`, clock, limits.ingestWaitMs, async (lease) => {
    const { status } = await tenants.get(id);
    await documents.insert(kind, id, JSON.stringify({ status }));
    const noted = JSON.parse((await documents.get(kind, id)) ?? '{}') as Partial<Pick<Tenant, 'status'>>;
    await tenants.setStatus(id, 'suspended');
    const moved = await store.moveTenant(id, isolation, lease.current());
    await tenants.moved(id, { isolation, status: noted.status ?? status });
    await documents.remove(kind, id);
    return moved;
  });
}

import { createReadStream } from 'node:fs';
import { access, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { randomId } from '../../core/id.ts';
import { limits } from '../../core/limits.ts';
import { withLease } from '../../jobs/lease.ts';
import type { FileReport, IngestParts, Source } from '../parts.ts';
import { bring } from './bring.ts';
import { type DropPlace, dropPlace, hasItsEnd, lookInto, makeDropPlace, sameLook, takenNames } from './drop-place.ts';
import { inSequence } from './in-sequence.ts';

/** A taken file is named `{id}~{its name}`: the id is its ledger id, so that a restart finds what became of it. */
const idCharacters = 36;

/**
 * Ingests what lies in a tenant's drop folder, until nothing is left that is ready: what an earlier process took and
 * did not finish first, then what arrives. Files move to `done/` or, with a `NAME.reason.txt`, to `refused/`. Under the
 * lease `drop/{tenant}`: two processes never take the same files.
 *
 * @param root the folder `drop` of the data folder
 */
export async function takeDropped(parts: IngestParts, root: string, tenant: string): Promise<readonly FileReport[]> {
  const known = (await parts.tenants()).find((one) => one.id === tenant);
  if (known?.status !== 'active') return [];
  const place = dropPlace(root, tenant);
  return withLease(parts.store.system.leases, `drop/${tenant}`, parts.clock, limits.ingestWaitMs, async () => {
    await makeDropPlace(place);
    const reports: FileReport[] = [];
    do {
      const names = await takenNames(place);
      const sources = await inSequence(names.map((name) => takenFile(place, name)));
      for (const source of sources) reports.push(...(await ingestTaken(parts, place, source, tenant)));
    } while (await pickUp(parts, place));
    return reports;
  });
}

/** Takes every file that two looks find unchanged and whole. A rename is atomic: of two who try, one has it. */
async function pickUp({ clock }: IngestParts, place: DropPlace): Promise<boolean> {
  const first = new Map((await lookInto(place)).map((file) => [file.name, file]));
  if (first.size === 0) return false;
  await pause(limits.dropSettleMs);
  let took = false;
  for (const file of await lookInto(place)) {
    if (!sameLook(file, first.get(file.name)) || !(await hasItsEnd(place, file, clock.now()))) continue;
    const to = join(place.taken, `${randomId()}~${file.name}`);
    const moved = await rename(join(place.inbox, file.name), to).then(
      () => true,
      () => false,
    );
    took = took || moved;
  }
  return took;
}

interface Taken extends Source {
  readonly path: string;
}

function takenFile({ taken }: DropPlace, takenName: string): Taken {
  const path = join(taken, takenName);
  const id = takenName.slice(0, idCharacters);
  const name = takenName.slice(idCharacters + 1);
  return { id, name, source: 'drop folder', path, open: () => createReadStream(path, { highWaterMark: 1 << 20 }) };
}

/** Nothing is moved before the ledger knows it, so that a kill at any moment loses nothing and repeats nothing. */
async function ingestTaken(
  parts: IngestParts,
  place: DropPlace,
  file: Taken,
  tenant: string,
): Promise<readonly FileReport[]> {
  const reports = await bring(parts, file, tenant);
  const refused = reports.filter(({ state }) => state === 'rejected');
  if (refused.length === 0) {
    await rename(file.path, await freePath(place.done, file.name));
    return reports;
  }
  const path = await freePath(place.refused, file.name);
  const reasons = refused.map(({ name, reason }) => `${name}: ${reason ?? 'rejected'}\n`);
  await writeFile(`${path}.reason.txt`, reasons.join(''), { mode: 0o600 });
  await rename(file.path, path);
  return reports;
}

/** `NAME`, or `NAME.2`, `NAME.3` … where an earlier file of that name lies there. */
async function freePath(folder: string, name: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = join(folder, number === 1 ? name : `${name}.${number}`);
    const taken = await access(path).then(
      () => true,
      () => false,
    );
    if (!taken) return path;
  }
}

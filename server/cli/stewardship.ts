import { userInfo } from 'node:os';
import { type Decision, type Stewardship, statedReason } from '../ingest/steward/decision.ts';
import { type House, operatorStore } from './house.ts';

/** The operator as the steward of a tenant. Throws `not-found`. */
export async function operatorStewardship(house: House, id: string): Promise<Stewardship> {
  const tenant = await house.tenants.get(id);
  return { parts: house.ingest, tenant, store: await operatorStore(house, id) };
}

/** A decision made at the command line, by whoever is logged in. Throws `invalid` for a reason that says nothing. */
export function operatorDecision(reason: string): Decision {
  return { actor: operatorName(), reason: statedReason(reason) };
}

/** Whoever is logged in, as the audit names them. */
export function operatorName(): string {
  return `operator:${userName()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // In a container the user may have a number alone.
    return String(process.getuid?.() ?? 'unknown');
  }
}

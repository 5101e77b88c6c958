import { quoted } from '../core/json.ts';
import type { AuditEntry, SignedHeads } from './entry.ts';

/**
 * Bytes of the compact audit row. Keys are short because a row is written per request; their order is fixed because the
 * bytes are hashed. `e` (disclosed) comes last, so that `disclosures` need not parse the rest. Absent = null or empty;
 * of `z` (correlation), the same as `x` (request).
 */
export function auditBytes(entry: AuditEntry): string {
  const { tenant, client, user, jti, type, id, query, status, outcome, reason, address, disclosed } = entry;
  const asked = member(',"y":', type) + member(',"d":', id) + member(',"q":', query);
  const parties = `${member(',"t":', tenant)},"k":"${entry.kind}","i":${quoted(entry.interaction)}`;
  const who = member(',"c":', client) + member(',"u":', user) + member(',"j":', jti);
  const result = `,"s":${status},"o":${outcome}${member(',"r":', reason)}`;
  const { requestId, correlationId } = entry;
  const ids = `,"x":${quoted(requestId)}${correlationId === requestId ? '' : `,"z":${quoted(correlationId)}`}`;
  const rare = `${numbersMember(entry)}${rareMembers(entry)}`;
  const shown = disclosed.length > 0 ? `,"e":[${disclosed.map(quoted).join()}]` : '';
  return `{"at":${quoted(entry.at)}${parties}${who}${asked}${result}${ids}${member(',"a":', address)}${rare}${shown}}`;
}

function member(name: string, value: string | null | undefined): string {
  return value === null || value === undefined ? '' : name + quoted(value);
}

/** The mask that a row names: where nothing was disclosed, none applied. */
export function maskTold(disclosed: readonly string[], mask: readonly string[]): readonly string[] | undefined {
  return disclosed.length === 0 || mask.length === 0 ? undefined : mask;
}

function numbersMember({ numbers }: AuditEntry): string {
  return numbers === undefined ? '' : `,"n":[${numbers.from},${numbers.to}]`;
}

function rareMembers({ carried, checkpoint, mask }: AuditEntry): string {
  if (carried === undefined && checkpoint === undefined && mask === undefined) return '';
  const members = {
    b: carried === undefined ? undefined : [carried.sequence, carried.index],
    h: checkpoint?.heads.map(({ writer, number, hash }) => [writer, number, hash]),
    m: mask,
    g: checkpoint === undefined ? undefined : [checkpoint.key, checkpoint.signature],
  };
  return `,${JSON.stringify(members).slice(1, -1)}`;
}

interface Compact {
  readonly at: string;
  readonly t?: string;
  readonly k: AuditEntry['kind'];
  readonly i: string;
  readonly c?: string;
  readonly u?: string;
  readonly j?: string;
  readonly y?: string;
  readonly d?: string;
  readonly q?: string;
  readonly s: number;
  readonly o: AuditEntry['outcome'];
  readonly r?: string;
  readonly x: string;
  readonly z?: string;
  readonly a?: string;
  readonly n?: readonly [from: number, to: number];
  readonly b?: readonly [number, number];
  readonly h?: readonly (readonly [writer: string, number: number, hash: string])[];
  readonly m?: readonly string[];
  readonly g?: readonly [key: string, signature: string];
  readonly e?: readonly string[];
}

/** The entry of bytes that `auditBytes` made. Bytes of another origin are a bug (the chain vouches for ours). */
export function auditEntry(bytes: string): AuditEntry {
  const row = JSON.parse(bytes) as Compact;
  return {
    at: row.at,
    tenant: row.t ?? null,
    kind: row.k,
    interaction: row.i,
    client: row.c ?? null,
    ...(row.u === undefined ? {} : { user: row.u }),
    jti: row.j ?? null,
    type: row.y ?? null,
    id: row.d ?? null,
    query: row.q ?? null,
    status: row.s,
    outcome: row.o,
    reason: row.r ?? null,
    requestId: row.x,
    correlationId: row.z ?? row.x,
    address: row.a ?? null,
    disclosed: row.e ?? [],
    ...(row.m === undefined ? {} : { mask: row.m }),
    ...(row.n === undefined ? {} : { numbers: { from: row.n[0], to: row.n[1] } }),
    ...(row.b === undefined ? {} : { carried: { sequence: row.b[0], index: row.b[1] } }),
    ...(row.h === undefined || row.g === undefined ? {} : { checkpoint: signedHeads(row.h, row.g) }),
  };
}

function signedHeads(heads: NonNullable<Compact['h']>, [key, signature]: NonNullable<Compact['g']>): SignedHeads {
  return { heads: heads.map(([writer, number, hash]) => ({ writer, number, hash })), key, signature };
}

const disclosedMark = ',"e":[';
const requestedMark = /,"y":"([A-Za-z]+)","d":"([A-Za-z0-9.-]+)"/;

/**
 * `Type/id/version` of every resource that a row disclosed, and `Type/id/` of the one that was asked for, refused or
 * not: the store's index of "who read this", in which an auditor must also find who tried. Who wants disclosures alone
 * looks into the entry. Keys are looked for instead of parsed: inside a JSON string a mark's quotes are escaped.
 */
export function disclosures(bytes: string): readonly string[] {
  const requested = requestedMark.exec(bytes);
  const asked = requested === null ? [] : [`${requested[1]}/${requested[2]}/`];
  const at = bytes.lastIndexOf(disclosedMark);
  if (at < 0) return asked;
  return [...asked, ...(JSON.parse(bytes.slice(at + disclosedMark.length - 1, -1)) as readonly string[])];
}

/** `Type/id/version` → `Type/id`. */
export function withoutVersion(version: string): string {
  return version.slice(0, version.lastIndexOf('/'));
}

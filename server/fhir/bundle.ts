import { etag } from './version-headers.ts';

/** A stored version, as far as a Bundle shows it. */
export interface BundleVersion {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly change: 'create' | 'update' | 'delete';
  readonly body: Buffer;
}

export interface BundleLinks {
  readonly self: string;
  readonly next?: string | undefined;
}

/** An entry between whose `head` and `tail` the stored bytes stand. Both are ASCII. */
interface Piece {
  readonly head: string;
  readonly body: Buffer;
  readonly tail: string;
}

const empty = Buffer.alloc(0);

/**
 * A searchset (https://hl7.org/fhir/R4/bundle.html#searchset) made of stored bytes, which are never parsed. `base` and
 * the links are URLs, hence ASCII. `total` counts matches alone; undefined leaves it out. `warning`: an
 * OperationOutcome as JSON.
 */
export function searchset(page: {
  readonly base: string;
  readonly links: BundleLinks;
  readonly total: number | undefined;
  readonly matches: readonly BundleVersion[];
  readonly includes: readonly BundleVersion[];
  readonly warning?: string | undefined;
}): Buffer {
  const pieces: Piece[] = [];
  for (const match of page.matches) pieces.push(found(page.base, match, ',"search":{"mode":"match"}}'));
  for (const include of page.includes) pieces.push(found(page.base, include, ',"search":{"mode":"include"}}'));
  if (page.warning !== undefined) {
    pieces.push({ head: '{"resource":', body: Buffer.from(page.warning), tail: ',"search":{"mode":"outcome"}}' });
  }
  return join(opening('searchset', page.total, page.links), pieces);
}

/** A history (https://hl7.org/fhir/R4/bundle.html#history): newest first; a delete has no resource. */
export function historyBundle(page: {
  readonly base: string;
  readonly links: BundleLinks;
  readonly total: number | undefined;
  readonly versions: readonly BundleVersion[];
}): Buffer {
  const pieces = page.versions.map((version) => historyPiece(page.base, version));
  return join(opening('history', page.total, page.links), pieces);
}

function found(base: string, { type, id, body }: BundleVersion, tail: string): Piece {
  return { head: `{"fullUrl":"${base}/${type}/${id}","resource":`, body, tail };
}

function historyPiece(base: string, version: BundleVersion): Piece {
  const { type, id, change } = version;
  const request = { method: methods[change], url: change === 'create' ? type : `${type}/${id}` };
  const response = { status: statuses[change], etag: etag(version.version), lastModified: version.at };
  const tail = `,"request":${JSON.stringify(request)},"response":${JSON.stringify(response)}}`;
  const head = `{"fullUrl":"${base}/${type}/${id}"`;
  return change === 'delete' ? { head, body: empty, tail } : { head: `${head},"resource":`, body: version.body, tail };
}

const methods = { create: 'POST', update: 'PUT', delete: 'DELETE' } as const;
const statuses = { create: '201', update: '200', delete: '204' } as const;

function opening(type: string, total: number | undefined, { self, next }: BundleLinks): string {
  const link = [{ relation: 'self', url: self }, ...(next === undefined ? [] : [{ relation: 'next', url: next }])];
  const count = total === undefined ? '' : `"total":${total},`;
  return `{"resourceType":"Bundle","type":"${type}",${count}"link":${JSON.stringify(link)}`;
}

/** One buffer of the exact size: measured twice as fast as joining strings, as bodies stay bytes. */
function join(open: string, pieces: readonly Piece[]): Buffer {
  // R4 allows no empty array: a Bundle without entries has no `entry`.
  const start = pieces.length === 0 ? open : `${open},"entry":[`;
  const end = pieces.length === 0 ? '}' : ']}';
  let size = start.length + end.length + Math.max(0, pieces.length - 1);
  for (const { head, body, tail } of pieces) size += head.length + body.length + tail.length;
  const bytes = Buffer.allocUnsafe(size);
  let at = bytes.write(start, 0, 'latin1');
  for (const [index, { head, body, tail }] of pieces.entries()) {
    if (index > 0) at += bytes.write(',', at, 'latin1');
    at += bytes.write(head, at, 'latin1');
    at += body.copy(bytes, at);
    at += bytes.write(tail, at, 'latin1');
  }
  bytes.write(end, at, 'latin1');
  return bytes;
}

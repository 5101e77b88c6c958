import { readFileSync } from 'node:fs';

/**
 * A reader of GO2 files as small as can be, written from meaning.md for the generator's tests: what is quarantined,
 * what the store holds after each file, what of it is published. Dates stay `yyyyMMdd`.
 */
type Row = readonly string[];
type Kind = 'LC' | 'OR' | 'PO' | 'PR' | 'AS' | 'ET';

const ownKey: Readonly<Record<Kind, number>> = { LC: 2, OR: 2, PO: 2, PR: 2, AS: 3, ET: 3 };
const widths: Readonly<Record<Kind, number>> = { LC: 22, OR: 16, PO: 24, PR: 44, AS: 51, ET: 57 };
const spans: Partial<Record<Kind, readonly [number, number]>> = { OR: [5, 6], PO: [3, 4], PR: [3, 4], AS: [4, 5] };
const working = ['Active Assignment', 'Acting Up', 'Internal Secondment', 'Maternity'];

export interface ReadFile {
  readonly lines: readonly string[];
  readonly rows: number;
}

export interface ReadCounts {
  readonly rows: number;
  readonly created: number;
  readonly changed: number;
  readonly removed: number;
  readonly quarantined: number;
  readonly people: number;
  readonly assignments: number;
  readonly active: number;
}

export function readGo2(path: string): ReadFile {
  const lines = readFileSync(path, 'latin1')
    .split(/\r?\n/)
    .filter((line) => line !== '');
  return { lines, rows: lines.length - 2 };
}

function cell(row: Row | undefined, number: number): string {
  const text = (row?.[number - 1] ?? '').trim();
  return text === '19000101' ? '' : text;
}

const endOf = (text: string) => (text === '' || text === '47121231' ? '99999999' : text);

function isDate(text: string): boolean {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day);
}

function isBad(kind: Kind, row: Row): boolean {
  if (row.length < widths[kind] || cell(row, ownKey[kind]) === '') return true;
  const span = spans[kind];
  if (span !== undefined) {
    const [start, end] = [cell(row, span[0]), cell(row, span[1])];
    if (!isDate(start) || (end !== '' && !isDate(end)) || endOf(end) < start) return true;
  }
  if (kind === 'PR') return cell(row, 7) === '';
  if (kind === 'LC') return cell(row, 5) !== '' && !isDate(cell(row, 5));
  if (kind === 'ET') return /^31\/02/.test(cell(row, 8));
  return false;
}

/** The store, and what it publishes. */
export class TinyServer {
  readonly #today: string;
  readonly #records = new Map<string, readonly Row[]>();
  #published = new Map<string, string>();

  constructor(today: string) {
    this.#today = today.replaceAll('-', '');
  }

  ingest(file: ReadFile): ReadCounts {
    const groups = new Map<string, Row[]>();
    const deletes = new Set<string>();
    let quarantined = 0;
    for (const line of new Set(file.lines)) {
      const row = line.split('~');
      const kind = line.slice(0, 2) as Kind;
      if (!(kind in ownKey) || line[3] !== '~') continue;
      if (line[2] === 'D') deletes.add(`${kind} ${cell(row, 2)}`);
      else if (kind === 'ET' && !cell(row, 4).startsWith('NHS Regs')) continue;
      else if (cell(row, ownKey[kind]) === '') quarantined++;
      else {
        const key = `${kind} ${cell(row, ownKey[kind])}`;
        groups.set(key, [...(groups.get(key) ?? []), row]);
      }
    }
    const good = (key: string, rows: readonly Row[]) => {
      const kind = key.slice(0, 2) as Kind;
      const starts = new Set(rows.map((row) => cell(row, spans[kind]?.[0] ?? 0)));
      return starts.size === rows.length && !deletes.has(key) && !rows.some((row) => isBad(kind, row));
    };
    for (const [key, rows] of groups) {
      if (good(key, rows)) continue;
      groups.delete(key);
      quarantined += rows.length + Number(deletes.delete(key));
    }
    for (const [key, rows] of groups) {
      const orphan = rows.some((row) => !this.#records.has(`PR ${cell(row, 2)}`) && !groups.has(`PR ${cell(row, 2)}`));
      if (!/^(AS|ET)/.test(key) || !orphan) this.#records.set(key, rows);
      else quarantined += rows.length;
    }
    for (const key of deletes) this.#delete(key);
    return { rows: file.rows, quarantined, ...this.#publish() };
  }

  #delete(key: string): void {
    this.#records.delete(key);
    if (!key.startsWith('PR')) return;
    for (const [child, rows] of this.#records) {
      if (/^(AS|ET)/.test(child) && cell(rows[0], 2) === key.slice(3)) this.#records.delete(child);
    }
  }

  #publish() {
    const before = this.#published;
    const { after, active } = this.#resources();
    this.#published = after;
    let [created, changed, removed] = [0, 0, 0];
    for (const [id, text] of after) {
      const was = before.get(id);
      if (was === undefined) created++;
      else if (was !== text) changed++;
    }
    for (const id of before.keys()) if (!after.has(id)) removed++;
    const count = (type: string) => [...after.keys()].filter((id) => id.startsWith(type)).length;
    return {
      created,
      changed,
      removed,
      people: count('Practitioner '),
      assignments: count('PractitionerRole '),
      active,
    };
  }

  #resources() {
    const after = new Map<string, string>();
    const held = new Set<string>();
    const people = new Map<string, { registrations: string[]; open: boolean }>();
    let active = 0;
    for (const [key, rows] of this.#records) {
      const [kind, id] = [key.slice(0, 2), key.slice(3)];
      if (kind === 'LC') after.set(`Location ${id}`, this.#location(id, rows));
      if (kind === 'OR') after.set(`Organization ${id}`, this.#organisation(rows));
      if (kind === 'ET' && !this.#isApplicant(cell(rows[0], 2))) {
        const person = people.get(cell(rows[0], 2)) ?? { registrations: [], open: false };
        person.registrations.push(rows[0]?.slice(1, 56).join('~') ?? '');
        people.set(cell(rows[0], 2), person);
      }
      const role = kind === 'AS' ? this.#role(rows) : undefined;
      if (role !== undefined) {
        const owner = cell(rows[0], 2);
        const person = people.get(owner) ?? { registrations: [], open: false };
        people.set(owner, { ...person, open: person.open || role.end >= this.#today });
        if (role.during) held.add(role.position);
        if (role.active) active++;
        after.set(`PractitionerRole ${id}`, role.text);
      }
    }
    for (const [id, { registrations, open }] of people) {
      const shown = this.#shown('PR', id).row;
      const own = shown?.filter((_, at) => [5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 30, 36].includes(at + 1)).join('~');
      after.set(`Practitioner ${id}`, `${own}${registrations.sort().join('\n')}${open}`);
    }
    for (const key of this.#records.keys()) {
      if (key.startsWith('PO')) after.set(`Basic ${key}`, this.#position(key.slice(3), held));
    }
    return { after, active };
  }

  /** meaning.md, Slices. */
  #shown(kind: 'OR' | 'PO' | 'PR' | 'AS', id: string): { readonly row: Row | undefined; readonly inForce: boolean } {
    const [from, to] = spans[kind] as readonly [number, number];
    const rows = [...(this.#records.get(`${kind} ${id}`) ?? [])].sort((a, b) =>
      cell(a, from) < cell(b, from) ? -1 : 1,
    );
    const running = rows.filter((row) => cell(row, from) <= this.#today && endOf(cell(row, to)) >= this.#today);
    if (running.length > 0) return { row: running.at(-1), inForce: true };
    const over = rows.filter((row) => endOf(cell(row, to)) < this.#today);
    return { row: over.at(-1) ?? rows[0], inForce: false };
  }

  #isApplicant(person: string): boolean {
    return cell(this.#shown('PR', person).row, 35) === 'Applicant';
  }

  #organisationName(id: string): string {
    return cell(this.#shown('OR', id).row, 3).replace(/^\d+ \d /, '');
  }

  #locationName(id: string): string {
    const row = this.#records.get(`LC ${id}`)?.[0];
    return cell(row, 4) || cell(row, 3).replace(/^\d+ z /, '');
  }

  #location(id: string, [row]: readonly Row[]): string {
    const inactive = cell(row, 5) !== '' && cell(row, 5) <= this.#today;
    return `${this.#locationName(id)}~${row?.slice(5, 16).join('~')}~${inactive}`;
  }

  #organisation(rows: readonly Row[]): string {
    const row = this.#shown('OR', cell(rows[0], 2)).row;
    const parent = cell(row, 11);
    const parentName = this.#organisationName(parent);
    // A parent that has not come is not published.
    const above = parentName === '' ? [] : [parent, parentName];
    const place = cell(row, 13);
    const mainLocation = this.#records.has(`LC ${place}`) ? [place, this.#locationName(place)] : [];
    return [cell(row, 3), cell(row, 4), cell(row, 12), ...above, ...mainLocation].join('~');
  }

  #position(id: string, held: ReadonlySet<string>): string {
    const row = this.#shown('PO', id).row;
    const fields = [5, 6, 7, 9, 10, 11, 15, 16].map((number) => cell(row, number));
    return [...fields, this.#organisationName(cell(row, 15)), held.has(id)].join('~');
  }

  #role(rows: readonly Row[]) {
    const id = cell(rows[0], 3);
    const { row, inForce } = this.#shown('AS', id);
    if (cell(row, 9) === 'ACTIVE_APL' || this.#isApplicant(cell(row, 2))) return undefined;
    const last = [...rows].sort((a, b) => (cell(a, 4) < cell(b, 4) ? -1 : 1)).at(-1);
    const people = [...(this.#records.get(`PR ${cell(row, 2)}`) ?? [])];
    const leaving = cell(people.sort((a, b) => (cell(a, 3) < cell(b, 3) ? -1 : 1)).at(-1), 18);
    const start = cell(row, 6);
    const stated = [cell(last, 49), leaving >= start ? leaving : ''].filter((day) => day !== '').sort();
    let end = stated[0] ?? '99999999';
    if (stated.length === 0 && cell(last, 10) === 'Terminated') end = `${Number(cell(last, 4)) - 0.5}`;
    else if (stated.length === 0 && endOf(cell(last, 5)) < this.#today) end = cell(last, 5);
    const during = start <= this.#today && end >= this.#today;
    const active = during && inForce && working.includes(cell(row, 10));
    const fields = [2, 8, 10, 14, 20, 21, 22, 23, 24, 26, 28, 29, 30, 31, 35, 41].map((number) => cell(row, number));
    const places = [this.#organisationName(cell(row, 28)), this.#locationName(cell(row, 14))];
    const text = [...fields, ...places, start, end, active].join('~');
    return { text, active, during, end, position: cell(row, 29) };
  }
}

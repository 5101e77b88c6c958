import type { StagedRow } from '../store/port.ts';

/** What became of a row, the later beating the earlier. */
const fates = ['none', 'unchanged', 'applied', 'quarantined'] as const;
export type Fate = Exclude<(typeof fates)[number], 'none'>;

/** Slots of a line: what it shares with other lines, besides the records that are its own. */
const slots = ['organisation', 'position', 'location'] as const;
export type SharedSlot = (typeof slots)[number];

/**
 * Counts the rows of a file whose rows feed several records: a row is unchanged only if all that it says is,
 * quarantined if any of it is, else applied. Many rows repeat one organisation, location or position; such a record is
 * staged once, and each row remembers which ones it repeats: 13 bytes a line, whatever the file's size.
 */
export class LineFates {
  #own = new Uint8Array(1024);
  #shared: Int32Array = new Int32Array(1024 * slots.length);
  #lines = 0;
  readonly #numbers = new Map<string, number>();
  /** By number of the shared record; 0 is nobody's. */
  readonly #fates: number[] = [0];
  readonly #parents: number[] = [0];

  /** A data row begins on `line`. */
  add(line: number): void {
    this.#grow(line);
    this.#own[line] = 1;
    this.#lines = Math.max(this.#lines, line);
  }

  /** The line says this of a record that other lines repeat. True where it is the first one to say so. */
  share(
    line: number,
    slot: SharedSlot,
    row: Pick<StagedRow, 'key' | 'hash'>,
    parent = 0,
  ): { number: number; first: boolean } {
    const text = sharedText(row);
    const known = this.#numbers.get(text);
    const number = known ?? this.#fates.length;
    if (known === undefined) {
      this.#numbers.set(text, number);
      this.#fates.push(0);
      this.#parents.push(parent);
    }
    this.#shared[line * slots.length + slots.indexOf(slot)] = number;
    return { number, first: known === undefined };
  }

  /** What became of a staged row. */
  settle(row: Pick<StagedRow, 'key' | 'hash' | 'line'>, fate: Fate): void {
    const weight = fates.indexOf(fate);
    const number = this.#numbers.get(sharedText(row));
    if (number !== undefined) this.#fates[number] = Math.max(this.#fates[number] ?? 0, weight);
    else this.#own[row.line] = Math.max(this.#own[row.line] ?? 0, weight);
  }

  /** Rows of the file by what became of them. */
  counts(): Readonly<Record<Fate, number>> {
    const counts = { unchanged: 0, applied: 0, quarantined: 0 };
    for (let line = 1; line <= this.#lines; line += 1) {
      let weight = this.#own[line] ?? 0;
      if (weight === 0) continue;
      for (let slot = 0; slot < slots.length; slot += 1) {
        let number = this.#shared[line * slots.length + slot] ?? 0;
        for (; number !== 0; number = this.#parents[number] ?? 0) weight = Math.max(weight, this.#fates[number] ?? 0);
      }
      counts[fates[weight] as Fate] += 1;
    }
    return counts;
  }

  #grow(line: number): void {
    if (line < this.#own.length) return;
    const size = Math.max(line + 1, this.#own.length * 2);
    const own = new Uint8Array(size);
    own.set(this.#own);
    this.#own = own;
    const shared = new Int32Array(size * slots.length);
    shared.set(this.#shared);
    this.#shared = shared;
  }
}

function sharedText({ key, hash }: Pick<StagedRow, 'key' | 'hash'>): string {
  return `${key.type}/${key.id}/${hash}`;
}

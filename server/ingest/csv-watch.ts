import type { Tenant } from '../tenancy/tenant.ts';
import { chooseFormat, firstBytesMax } from './choose-format.ts';
import { csvReading } from './csv-repeat.ts';
import { ReportSums } from './csv-said.ts';
import type { CsvProfile } from './formats/csv/profile.ts';

/**
 * Looks on while a file's bytes are received: what a report says is summed on the way, so that one which only repeats
 * the last need not be read again from where it is kept.
 */
export class ReportWatch {
  readonly #sumsBy: (first: Uint8Array) => ReportSums | null;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Undefined until the first bytes tell; null where it is no report. */
  #sums: ReportSums | null | undefined;

  constructor(software: string, tenant: Tenant, name: string, profiles: readonly CsvProfile[]) {
    this.#sumsBy = (first) => {
      const format = chooseFormat(first, name, profiles);
      if (format.is !== 'csv') return null;
      return new ReportSums(format.layout, csvReading(software, tenant, format.layout));
    };
  }

  take(piece: Uint8Array): void {
    if (this.#sums !== undefined) {
      this.#sums?.take(piece);
      return;
    }
    const enough = this.#heldBytes + piece.length >= firstBytesMax;
    // What is kept is a copy: the piece is the caller's, who may use its memory again.
    this.#held.push(enough ? piece : Uint8Array.from(piece));
    this.#heldBytes += piece.length;
    if (enough) this.#choose();
  }

  /** The sums of the file, which has ended, where it is a report that is read in this way. */
  sums(reading: string): ReportSums | undefined {
    if (this.#sums === undefined) this.#choose();
    return this.#sums?.reading === reading ? this.#sums : undefined;
  }

  #choose(): void {
    const [only = new Uint8Array(0), ...more] = this.#held;
    const first = more.length === 0 ? only : Buffer.concat(this.#held);
    this.#sums = this.#sumsBy(first.subarray(0, firstBytesMax));
    this.#sums?.take(first);
    this.#held = [];
  }
}

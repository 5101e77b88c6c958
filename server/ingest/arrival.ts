import { limits } from '../core/limits.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import { ReportWatch } from './csv-watch.ts';
import type { CsvProfile } from './formats/csv/profile.ts';

/**
 * What is remembered of a file's bytes while they come, so that what was just sealed need not be opened again: a file
 * of some ten megabytes whole, since opening it takes a tenth of what a file of few changes takes; of every report its
 * sums. Whoever comes later, after a crash say, reads what is kept of the file.
 */
export class Arrival {
  readonly report: ReportWatch;
  #pieces: Uint8Array[] | null = [];
  #bytes = 0;

  constructor(software: string, tenant: Tenant, name: string, profiles: readonly CsvProfile[]) {
    this.report = new ReportWatch(software, tenant, name, profiles);
  }

  take(piece: Uint8Array): void {
    this.report.take(piece);
    this.#bytes += piece.length;
    if (this.#bytes > limits.arrivedBytesMax) this.forget();
    // A copy: the piece is the caller's, who may use its memory again.
    this.#pieces?.push(Uint8Array.from(piece));
  }

  /** All bytes of the file, which has ended; undefined where they were too many, or are forgotten. */
  bytes(): AsyncIterable<Uint8Array> | undefined {
    return this.#pieces === null ? undefined : piecewise(this.#pieces);
  }

  forget(): void {
    this.#pieces = null;
  }
}

async function* piecewise(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

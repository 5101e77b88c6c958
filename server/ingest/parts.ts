import type { Publishing } from '../commit/publish.ts';
import type { Clock } from '../core/clock.ts';
import type { Logger } from '../core/log.ts';
import type { Store, TenantStore } from '../store/port.ts';
import type { Tenant } from '../tenancy/tenant.ts';
import type { CsvProfile } from './formats/csv/profile.ts';
import type { Columns } from './formats/go2/columns.ts';

/** What ingest is given: nothing in it reads a clock, a setting or a mapping file by itself. */
export interface IngestParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name and version of this software, for lineage. */
  readonly software: string;
  readonly tenants: () => Promise<readonly Tenant[]>;
  /** The field allow-list of a tenant. */
  readonly columns: (tenant: Tenant) => Columns;
  /** The CSV profiles that come with the software. */
  readonly ourCsvProfiles: readonly CsvProfile[];
  /** The CSV profiles of a tenant: ours with what it lays over them, and its own. Throws `invalid`. */
  readonly csvProfiles: (tenant: Tenant) => readonly CsvProfile[];
  /** Projectors of the tenant's live contracts on `today`, the default contract first. */
  readonly projectors: (tenant: Tenant, store: TenantStore, today: string) => Publishing['projectors'];
  /** A short name of everything beside records and day that decides what the tenant's resources look like. */
  readonly projection: (tenant: Tenant) => string;
  readonly parameters: Publishing['parameters'];
  readonly progress?: (progress: Progress) => void;
}

export interface Progress {
  readonly file: string;
  readonly phase: 'read' | 'apply' | 'publish';
  readonly done: number;
  readonly total: number | null;
}

/** A file that somebody brings: its name, where from, and its bytes, which can be read more than once. */
export interface Source {
  /** Ledger id that it will have; for those who must know it beforehand, and find the file again after a crash. */
  readonly id?: string;
  readonly name: string;
  readonly source: string;
  open(): AsyncIterable<Uint8Array>;
}

/** What became of a file (interface.md, `ingest --json`). */
export interface FileReport {
  readonly name: string;
  readonly id: string | null;
  readonly tenant: string | null;
  readonly state: string;
  readonly reason?: string;
  readonly rows: number;
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly quarantined: number;
  readonly seconds: number;
}

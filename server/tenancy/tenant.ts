import type { CsvProfileDocument } from './csv-profile.ts';
import type { OwnerDocument, RuleDocument } from './rule.ts';
import type { SourceDocument } from './source.ts';

/** A tenant: one NHS trust (or other body) whose ESR data stand apart from everyone else's. */
export interface Tenant {
  readonly id: string;
  readonly name: string;
  /** ODS codes of the employer(s), the first is the default employer (meaning.md, Organisations). */
  readonly ods: readonly string[];
  /** ESR Virtual Private Database numbers, digits without leading zeros. */
  readonly vpds: readonly string[];
  readonly isolation: IsolationModel;
  readonly status: TenantStatus;
  /** Contract versions that are live for this tenant, the default one first, e.g. `['v1']`. */
  readonly contracts: readonly string[];
  readonly flags: Readonly<Record<string, boolean>>;
  readonly settings: TenantSettings;
  /** CSV profiles of its own, and what it lays over ours (`mappings/csv/`). */
  readonly csvProfiles?: readonly CsvProfileDocument[];
  readonly sources?: readonly SourceDocument[];
  readonly rules?: readonly RuleDocument[];
  readonly owners?: readonly OwnerDocument[];
}

export const isolationModels = ['database', 'collection', 'shared'] as const;
export type IsolationModel = (typeof isolationModels)[number];

export const tenantStatuses = ['active', 'suspended'] as const;
export type TenantStatus = (typeof tenantStatuses)[number];

/** The ⚙ of meaning.md: what a tenant may decide otherwise. */
export interface TenantSettings {
  /** User assignment statuses in which somebody works. */
  readonly workingStatuses: readonly string[];
  /** Does absence from a full GO2 file mean that a person left? */
  readonly population: 'complete' | 'partial';
  /** Full files in a row that must lack an assignment before absence counts. */
  readonly absentFullFilesMin: number;
  /** Largest share of live assignments that one file may end by absence before it is held, 0–1. */
  readonly removalShareMax: number;
  /** `Practitioner.birthDate` is published only with a reason. */
  readonly publishBirthDate: boolean;
  readonly publishBirthDateReason: string;
  /** A tenant's first full file raises no events. */
  readonly firstFullFileIsBaseline: boolean;
  /** May clients of this tenant authenticate by a shared secret? */
  readonly clientSecretAllowed: boolean;
  /** Do clients that vendors register themselves wait for somebody's approval? */
  readonly registrationApproval: boolean;
  /** Private address ranges (CIDR) that notifications may be sent into: NHS networks are private. Others are closed. */
  readonly egressPrivateRanges: readonly string[];
  /** Are its events published to the message broker that the server has (`ESR_FHIR_NATS`)? */
  readonly publishEvents: boolean;
  /** Requests per minute of all its clients together, and of each; 0 = the server's own default. */
  readonly requestsPerMinute: number;
  readonly clientRequestsPerMinute: number;
}

export const defaultSettings: TenantSettings = {
  workingStatuses: ['Active Assignment', 'Acting Up', 'Internal Secondment', 'Maternity'],
  population: 'partial',
  absentFullFilesMin: 1,
  removalShareMax: 0.02,
  publishBirthDate: false,
  publishBirthDateReason: '',
  firstFullFileIsBaseline: true,
  clientSecretAllowed: true,
  registrationApproval: false,
  egressPrivateRanges: [],
  publishEvents: false,
  requestsPerMinute: 0,
  clientRequestsPerMinute: 0,
};

export const tenantIdPattern = /^[a-z0-9-]{1,64}$/;

/** Is this VPD number or ODS code, as a file names its owner, one of the tenant's? */
export function ownsCode({ vpds, ods }: Pick<Tenant, 'vpds' | 'ods'>, code: string): boolean {
  return vpds.includes(normaliseVpd(code)) || ods.includes(code.trim().toUpperCase());
}

/** `0277`, `277` and `277 ` are one VPD (esr.md 1.6): digits without leading zeros. */
export function normaliseVpd(text: string): string {
  return text.trim().replace(/^0+(?=\d)/, '');
}

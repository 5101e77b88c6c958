/** Somebody whom a tenant shows to few. */
export interface SensitivePerson {
  /** ESR Person ID. */
  readonly person: string;
  /** Ids that their Practitioner has, or would have. */
  readonly practitioners: readonly string[];
}

/**
 * The compact audit row: what was asked, by whom, with what outcome and what was disclosed. Stored as JSON in a hash
 * chain; rendered as an IHE BALP AuditEvent when read. Holds no resource content.
 */
export interface AuditEntry {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly tenant: string | null;
  readonly kind: 'rest' | 'token' | 'file' | 'admin';
  /** FHIR interaction code (`read`, `search-type`, …) or our own operation name for other kinds. */
  readonly interaction: string;
  readonly client: string | null;
  readonly jti: string | null;
  readonly type: string | null;
  readonly id: string | null;
  /** Request path and query of the request, without host. */
  readonly query: string | null;
  readonly status: number;
  /** FHIR audit-event-outcome: 0 success, 4 minor failure (the client's), 8 serious (ours). */
  readonly outcome: 0 | 4 | 8;
  readonly reason: string | null;
  readonly requestId: string;
  readonly correlationId: string;
  readonly address: string | null;
  /** `Type/id/version` of every resource in the answer. */
  readonly disclosed: readonly string[];
  /** Outbox position of a row that an ingest batch left behind: tells after a crash what was already carried. */
  readonly carried?: { readonly sequence: number; readonly index: number };
}

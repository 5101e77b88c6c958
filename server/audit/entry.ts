/**
 * The compact audit row: what was asked, by whom, with what outcome and what was disclosed. Stored as JSON in a hash
 * chain; rendered as an IHE BALP AuditEvent when read. Holds no resource content.
 */
export interface AuditEntry {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly tenant: string | null;
  /** `integrity`: checkpoints, verifications and breaks of this very log. */
  readonly kind: 'rest' | 'token' | 'file' | 'admin' | 'integrity';
  /** FHIR interaction code (`read`, `search-type`, …) or our own operation name for other kinds. */
  readonly interaction: string;
  readonly client: string | null;
  /** Id of the person who logged in, of a person's token or login. */
  readonly user?: string;
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
  /** Names of the elements that were left out of it (`auth/element-mask.ts`). */
  readonly mask?: readonly string[];
  /** Numbers of the subscription's events that its notifications told of, both ends included. */
  readonly numbers?: { readonly from: number; readonly to: number };
  /** Outbox position of a row that an ingest batch left behind: tells after a crash what was already carried. */
  readonly carried?: { readonly sequence: number; readonly index: number };
  /** What a checkpoint signs, of a row of the chain `checkpoint` (`checkpoint.ts`). */
  readonly checkpoint?: SignedHeads;
}

/** The newest row of a writer's chain. */
export interface WriterHead {
  readonly writer: string;
  readonly number: number;
  /** Hex SHA-256 (`chain.ts`). */
  readonly hash: string;
}

export interface SignedHeads {
  /** Of every writer that the log had, by name; the checkpoints' own chain is not among them. */
  readonly heads: readonly WriterHead[];
  /** Id of the key that signed. */
  readonly key: string;
  /** Ed25519, base64url. */
  readonly signature: string;
}

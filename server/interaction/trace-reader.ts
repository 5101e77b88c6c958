/** A rendered FHIR resource. */
export interface JsonResource {
  readonly resourceType: string;
  readonly id: string;
}

/** One search parameter as the client wrote it; `values` are the OR-ed alternatives, unescaped. */
export interface TraceParameter {
  readonly name: string;
  readonly modifier?: string;
  readonly values: readonly string[];
}

/** `after` is what an earlier page's `next` said; the caller signs it, so it may be any text. */
export interface TracePageRequest {
  readonly count: number;
  readonly after?: string;
}

export interface TracePage {
  readonly resources: readonly JsonResource[];
  /** The position after which the next page begins, when more follow. */
  readonly next?: string;
  readonly total?: number;
}

/**
 * Renders one tenant's AuditEvent and Provenance from its compact rows (architecture.md, invariant 6). Searches throw
 * `AppError('unknown-parameter' | 'invalid')` that names the parameter. An unknown id answers undefined.
 */
export interface TraceReader {
  /** Provenance of every version of the targets (`Type/id`), or of one version (`Type/id/_history/n`). */
  searchProvenance(targets: readonly string[], page: TracePageRequest): Promise<TracePage>;
  readProvenance(id: string): Promise<JsonResource | undefined>;
  searchAudit(parameters: readonly TraceParameter[], page: TracePageRequest): Promise<TracePage>;
  readAudit(id: string): Promise<JsonResource | undefined>;
}

import type { AuditEvent, Provenance } from '@medplum/fhirtypes';
import type { AuditContext } from '../audit/agents.ts';
import { auditEventId, auditEventRow } from '../audit/event-id.ts';
import { renderAuditEvent } from '../audit/render.ts';
import { auditEntry } from '../audit/row.ts';
import { auditSearch } from '../audit/search.ts';
import { dateRange } from '../search/date-range.ts';
import type { AuditRow, TenantStore } from '../store/port.ts';
import { auditPage } from './audit-page.ts';
import type { ProvenanceContext } from './provenance.ts';
import { provenanceById, provenancePage } from './provenance-page.ts';

export interface TraceContext extends AuditContext, ProvenanceContext {
  readonly contract: string;
}

interface PageRequest {
  readonly count: number;
  readonly after?: string;
}

interface Page<T> {
  readonly resources: readonly (T & { readonly id: string })[];
  readonly next?: string;
}

/** What the FHIR routes of AuditEvent and Provenance read through; `interaction` declares the same shape for itself. */
export interface TenantTraces {
  /** @param targets `Type/id` or `Type/id/_history/n`; of each, the newest version first */
  searchProvenance(targets: readonly string[], page: PageRequest): Promise<Page<Provenance>>;
  readProvenance(id: string): Promise<(Provenance & { id: string }) | undefined>;
  /** @throws AppError `unknown-parameter` or `invalid`, naming the parameter */
  searchAudit(parameters: Parameters<typeof auditSearch>[0], page: PageRequest): Promise<Page<AuditEvent>>;
  readAudit(id: string): Promise<(AuditEvent & { id: string }) | undefined>;
}

/** AuditEvent and Provenance are not stored: they are rendered from compact rows when read (architecture.md, 6). */
export function traceReader(store: TenantStore, context: TraceContext): TenantTraces {
  const rendered = (row: AuditRow) =>
    renderAuditEvent(auditEventId(row.writer, row.number), auditEntry(row.bytes), context);
  return {
    searchProvenance: (targets, page) => provenancePage(store, context, targets, page),
    readProvenance: (id) => provenanceById(store, context, id),
    async searchAudit(parameters, page) {
      const search = auditSearch(parameters, dateRange);
      const { rows, next } = await auditPage(store.audit, search, context, page);
      return { resources: rows.map(rendered), ...(next === undefined ? {} : { next }) };
    },
    async readAudit(id) {
      const name = auditEventRow(id);
      const row = name === undefined ? undefined : await store.audit.row(name.writer, name.number);
      return row === undefined ? undefined : rendered(row);
    },
  };
}

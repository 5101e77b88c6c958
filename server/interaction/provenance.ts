import { AppError } from '../core/error.ts';
import type { Interaction, OpenContext } from './context.ts';
import { renderedRead, renderedSearch } from './rendered.ts';
import type { TraceParameter } from './trace-reader.ts';

/** https://hl7.org/fhir/R4/provenance.html, rendered from the lineage of the versions. */
export const readProvenance: Interaction = (context, { id }) =>
  renderedRead(context, (trace) => trace.readProvenance(id));

/** `Provenance?target=Type/id` or `Type/id/_history/n`; absolute URLs under the own base as well. */
export const searchProvenance: Interaction = (context, request) =>
  renderedSearch(context, request, (trace, parameters, page) =>
    trace.searchProvenance(targets(context, parameters), page),
  );

const targetGrammar = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}(\/_history\/[1-9]\d{0,8})?$/;

function targets({ base }: OpenContext, parameters: readonly TraceParameter[]): readonly string[] {
  for (const { name, modifier } of parameters) {
    if (name !== 'target' || modifier !== undefined) {
      throw new AppError('unknown-parameter', 'Provenance is searched by "target" alone', { expression: name });
    }
  }
  const [target, ...more] = parameters;
  if (target === undefined || more.length > 0) {
    throw new AppError('invalid', 'Provenance needs "target" once', { expression: 'target' });
  }
  return target.values.map((value) => {
    const local = value.startsWith(`${base}/`) ? value.slice(base.length + 1) : value;
    if (targetGrammar.test(local)) return local;
    throw new AppError('invalid', 'a value of "target" is not a reference below this base', { expression: 'target' });
  });
}

import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import type { ProjectionContext, Warning } from '../../../server/mapping/projection.ts';
import type { Fields, RecordType } from '../../../server/record/record.ts';
import type { UnitKind } from '../../../server/record/unit.ts';
import { project, record } from '../../support/esr-records.ts';

/** Written by hand from what the data mean; ids from the rule of `ids.ts`, by another implementation. */
interface Vector {
  readonly description: string;
  readonly context: Partial<ProjectionContext>;
  readonly unit: { readonly kind: UnitKind; readonly id: string };
  readonly records: readonly {
    readonly type: RecordType;
    readonly id: string;
    readonly slices: readonly { readonly start: string | null; readonly end: string | null; readonly fields: Fields }[];
  }[];
  readonly expect: {
    readonly resources: readonly unknown[];
    readonly warnings: readonly Omit<Warning, 'message'>[];
    readonly due: string | null;
  };
}

const folder = new URL('../../../conformance/vectors/mapping/', import.meta.url);

describe('Mapping vectors', () => {
  for (const name of readdirSync(folder)) {
    const vector = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Vector;
    it(`${name}: ${vector.description}`, () => {
      const records = vector.records.map(({ type, id, slices }) =>
        record(type, id, ...slices.map(({ start, end, fields }) => [start, end, fields] as const)),
      );
      const projection = project(vector.unit.kind, vector.unit.id, records, vector.context);
      const resources = projection.resources.map(({ resource }) => resource);
      // As text: the order of the elements is FHIR's, and it is served as it is made.
      expect(JSON.stringify(resources, null, 1)).to.equal(JSON.stringify(vector.expect.resources, null, 1));
      const warnings = projection.warnings.map(({ message: _message, ...rest }) => rest);
      expect({ warnings, due: projection.due }).to.deep.equal({
        warnings: vector.expect.warnings,
        due: vector.expect.due,
      });
    });
  }
});

import { assert, present } from '../core/assert.ts';

/** Calls `emit` with every element that a compiled path selects, in document order. */
export type Select = (resource: unknown, emit: (element: unknown) => void) => void;

/**
 * Compiles the part of FHIRPath that search parameters use — `Type.a.b`, `.where(x='y')`, a final `.value` of
 * type `of`, unions — into closures: about 25 times faster than an interpreter, and the write path
 * runs it for every parameter of every version. `test/unit/search/extract.test.ts` holds it against fhirpath.
 */
export function compilePath(path: string, of: string): Select {
  const branches = path.split(' | ').map((branch) => compileBranch(branch, of));
  const [only] = branches;
  if (branches.length === 1) return present(only, 'a branch');
  return (resource, emit) => {
    for (const branch of branches) branch(resource, emit);
  };
}

const step = /\.(?:where\((\w+)='([^']*)'\)|(\w+))/y;

function compileBranch(path: string, of: string): Select {
  const steps: Select[] = [];
  step.lastIndex = path.indexOf('.');
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    assert(match !== null, `search path ${path} is within the compiled part of FHIRPath`);
    const [, element, text, name] = match;
    if (element !== undefined) steps.push(where(element, text));
    else steps.push(child(name === 'value' ? `value${of[0]?.toUpperCase()}${of.slice(1)}` : present(name, 'a name')));
  }
  return steps.reduceRight<Select>(
    (next, current) => (node, emit) => current(node, (element) => next(element, emit)),
    (node, emit) => emit(node),
  );
}

function child(name: string): Select {
  return (node, emit) => {
    const value = (node as Readonly<Record<string, unknown>>)[name];
    if (value === undefined || value === null) return;
    if (Array.isArray(value)) for (const element of value) emit(element);
    else emit(value);
  };
}

function where(name: string, text: string | undefined): Select {
  return (node, emit) => {
    if ((node as Readonly<Record<string, unknown>>)[name] === text) emit(node);
  };
}

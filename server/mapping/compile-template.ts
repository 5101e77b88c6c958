import fhirpath from 'fhirpath';
import type { CodeList } from './code-list.ts';
import { type Input, inputsOf, type MappedResource, type Scope } from './inputs.ts';
import type { EachNode, FromNode, ObjectNode, ResourceDocument, Template, Transform } from './language.ts';
import { compileTransform, literal, type Origin, type Run } from './transform.ts';

/** A compiled node. `constant`: it depends on no input, so it does not keep an object alive by itself. */
interface Node {
  readonly constant: boolean;
  readonly value: (run: Run) => unknown;
}

/** One input of one element, for the documentation and for whoever asks where an element comes from. */
export interface MappedPath {
  readonly resource: MappedResource;
  /** Element path without indices, e.g. `PractitionerRole.period.start`. */
  readonly element: string;
  /** Input path, e.g. `assignment.userStatus`. */
  readonly from: string;
  readonly transforms: readonly Transform[];
}

/** What the compiler knows, and where it gathers what is wrong and what is mapped. */
export interface Compilation {
  readonly resource: MappedResource;
  readonly lists: ReadonlyMap<string, CodeList>;
  /** Does the record schema have this field? */
  readonly hasField: (record: string, field: string) => boolean;
  readonly problem: (path: string, reason: string) => void;
  readonly mapped: MappedPath[];
}

interface Place extends Compilation {
  /** JSON pointer in the document. */
  readonly path: string;
  readonly element: string;
  /** `$as` names → list inputs. */
  readonly items: Readonly<Record<string, string>>;
}

/** Compiles a document's template to a closure; problems go to `compilation.problem`. */
export function compileTemplate(document: ResourceDocument, compilation: Compilation): (run: Run) => unknown {
  const place = { ...compilation, path: '/template', element: document.resource, items: {} };
  return compileNode(document.template, place).value;
}

function compileNode(template: Template, place: Place): Node {
  if (typeof template === 'string') return { constant: true, value: literal(template) };
  if (typeof template !== 'object') return { constant: true, value: () => template };
  if (Array.isArray(template)) return compileArray(template, place);
  const node = template as ObjectNode;
  return compileConditions(node, compileForm(node, place), place);
}

function compileForm(node: ObjectNode, place: Place): Node {
  if ('$from' in node) return compileFrom(node as unknown as FromNode, place);
  if ('$first' in node) return compileFirst(node['$first'] as readonly Template[], place);
  if ('$each' in node) return compileEach(node as unknown as EachNode, place);
  if ('$value' in node) return compileNode(node['$value'] as Template, down(place, '$value'));
  return compileObject(node, place);
}

function down(place: Place, step: string | number, element: string = place.element): Place {
  return { ...place, path: `${place.path}/${step}`, element };
}

function compileArray(templates: readonly Template[], place: Place): Node {
  const nodes = templates.map((template, index) => compileNode(template, down(place, index)));
  return {
    constant: nodes.every((node) => node.constant),
    value(run) {
      const items: unknown[] = [];
      for (const node of nodes) {
        const value = node.value(run);
        if (Array.isArray(value)) items.push(...value);
        else if (value !== undefined) items.push(value);
      }
      return items.length === 0 ? undefined : items;
    },
  };
}

function compileObject(template: ObjectNode, place: Place): Node {
  const element = place.element + label(template);
  const members = Object.entries(template)
    .filter(([name]) => !name.startsWith('$'))
    .map(([name, member]) => {
      const node = compileNode(member as Template, down(place, name, `${element}.${name}`));
      return { name, ...node };
    });
  const constant = members.every((member) => member.constant);
  return {
    constant,
    value(run) {
      const object: Record<string, unknown> = {};
      let live = constant;
      for (const member of members) {
        const value = member.value(run);
        if (value === undefined) continue;
        object[member.name] = value;
        if (!member.constant) live = true;
      }
      return live ? object : undefined;
    },
  };
}

/** Which extension, identifier or coding it is, by the last part of its url or system. */
function label(template: ObjectNode): string {
  const url = template['url'] ?? template['system'];
  return typeof url === 'string' && url.includes('/') ? `(${url.slice(url.lastIndexOf('/') + 1)})` : '';
}

function compileFrom(node: FromNode, place: Place): Node {
  const paths = typeof node.$from === 'string' ? [node.$from] : node.$from;
  const transforms = node.$apply ?? [];
  for (const [index, transform] of transforms.entries())
    checkTransform(transform, paths, down(place, `$apply/${index}`));
  const lists = (name: string) => place.lists.get(name) ?? { document: emptyList, find: () => undefined };
  const steps = transforms.filter((transform) => compilable(transform)).map((one) => compileTransform(one, lists));
  const sources = paths.map((path) => compilePath(path, place));
  for (const path of paths) place.mapped.push({ ...mappedPath(place, path), transforms });
  return {
    constant: false,
    value(run) {
      for (const source of sources) {
        const input = source.input(run.scope);
        let value = input && source.of(input);
        if (value === undefined || input === undefined) continue;
        const origin: Origin = { key: input.key, field: source.name, fields: input.fields };
        for (const step of steps) {
          value = step(value, origin, run);
          if (value === undefined) break;
        }
        return value;
      }
      return undefined;
    },
  };
}

const emptyList = { list: '', title: '', system: '', source: '', version: '', licence: '', concepts: [] };

function mappedPath(place: Place, path: string) {
  const [head = '', name = ''] = path.split('.');
  const from = `${place.items[head] ?? head}.${name}`;
  return { resource: place.resource, element: place.element, from };
}

interface Source {
  readonly name: string;
  readonly input: (scope: Scope) => Input | undefined;
  readonly of: (input: Input) => unknown;
}

/** `input.name`: a field of the input's record, or a fact about it. */
function compilePath(path: string, place: Place): Source {
  const [head = '', name = ''] = path.split('.');
  const item = place.items[head];
  const declaration = inputsOf(place.resource)[item ?? head];
  const isFact = declaration !== undefined && Object.hasOwn(declaration.facts, name);
  const isField =
    declaration?.record !== undefined && place.hasField(declaration.record, name) && mayShow(declaration, name);
  if (declaration === undefined || (declaration.list === true) !== (item !== undefined)) {
    place.problem(place.path, `no input is named ${head}`);
  } else if (!isFact && !isField) {
    place.problem(place.path, `${head} has no field or fact named ${name}`);
  }
  return {
    name,
    input: (scope) => scope[head] as Input | undefined,
    of: isFact ? (input) => input.facts[name] : (input) => input.fields[name],
  };
}

function mayShow({ fields }: { readonly fields?: readonly string[] }, name: string): boolean {
  return fields === undefined || fields.includes(name);
}

function compileFirst(templates: readonly Template[], place: Place): Node {
  const nodes = templates.map((template, index) => compileNode(template, down(place, `$first/${index}`)));
  return {
    constant: false,
    value(run) {
      for (const node of nodes) {
        const value = node.value(run);
        if (value !== undefined) return value;
      }
      return undefined;
    },
  };
}

function compileEach(node: EachNode, place: Place): Node {
  const declaration = inputsOf(place.resource)[node.$each];
  if (declaration?.list !== true) place.problem(place.path, `no list input is named ${node.$each}`);
  const items = { ...place.items, [node.$as]: node.$each };
  const item = compileNode(node.$value, { ...down(place, '$value'), items });
  return {
    constant: false,
    value(run) {
      const list = (run.scope[node.$each] ?? []) as readonly Input[];
      const values: unknown[] = [];
      for (const input of list) {
        const value = item.value({ ...run, scope: { ...run.scope, [node.$as]: input } });
        if (value !== undefined) values.push(value);
      }
      return values.length === 0 ? undefined : values;
    },
  };
}

function compileConditions(template: ObjectNode, node: Node, place: Place): Node {
  const { $when, $where } = template;
  if ($when === undefined && $where === undefined) return node;
  const when = $when === undefined ? undefined : compilePath($when, down(place, '$when'));
  const where = $where === undefined ? undefined : compileWhere($where, down(place, '$where'));
  return {
    constant: false,
    value(run) {
      if (when !== undefined) {
        const input = when.input(run.scope);
        const value = input && when.of(input);
        if (value === undefined || value === false) return undefined;
      }
      return where === undefined || where(run.scope) ? node.value(run) : undefined;
    },
  };
}

/** FHIRPath over the inputs as plain objects; true alone is true. */
function compileWhere(expression: string, place: Place): (scope: Scope) => boolean {
  try {
    const evaluate = fhirpath.compile(expression);
    const declarations = inputsOf(place.resource);
    return (scope) => {
      const flat: Record<string, unknown> = {};
      for (const [name, input] of Object.entries(scope)) {
        const fields = declarations[name]?.fields;
        flat[name] = Array.isArray(input) ? input.map((one) => flatten(one)) : input && flatten(input as Input, fields);
      }
      const result: unknown = evaluate(flat);
      return Array.isArray(result) && result.length === 1 && result[0] === true;
    };
  } catch {
    place.problem(place.path, 'is no FHIRPath expression');
    return () => false;
  }
}

function flatten({ fields, facts }: Input, shown?: readonly string[]): Record<string, unknown> {
  const some = shown === undefined ? fields : Object.fromEntries(shown.map((name) => [name, fields[name]]));
  return { ...some, ...facts };
}

function compilable(transform: Transform): boolean {
  return typeof transform === 'string' || !('pattern' in transform) || isRegExp(transform.pattern);
}

function isRegExp(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

function checkTransform(transform: Transform, paths: readonly string[], place: Place): void {
  if (typeof transform === 'string') return;
  if ('pattern' in transform && !isRegExp(transform.pattern)) place.problem(place.path, 'is no regular expression');
  const name = 'code' in transform ? transform.code : 'coding' in transform ? transform.coding : undefined;
  if (name === undefined) return;
  const list = place.lists.get(name);
  const within = 'coding' in transform ? transform.within : undefined;
  if (list === undefined) place.problem(place.path, `no code list is named ${name}`);
  else if ((list.document.within === undefined) !== (within === undefined)) {
    place.problem(place.path, `${name} is resolved with "within" if and only if it has groups`);
  }
  if (within === undefined) return;
  for (const path of paths) compilePath(`${path.split('.')[0]}.${within}`, place);
}

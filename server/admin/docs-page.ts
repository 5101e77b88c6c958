import { createHash } from 'node:crypto';
import { escaped } from '../core/html.ts';

/** What the page reads of an OpenAPI 3.1 document. */
interface OpenApiDocument {
  readonly info: { readonly title: string; readonly version: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly { readonly oauth2: readonly string[] }[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: Content;
  readonly responses: Readonly<Record<string, Content & { readonly description: string }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description?: string;
  readonly schema: Schema;
}

interface Content {
  readonly content: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

const style = `
body{margin:0;font:19px/1.5 Arial,sans-serif;color:#212b32;background:#f0f4f5}
header{background:#005eb8;color:#fff;padding:16px 24px}header h1{margin:0;font-size:32px}header a{color:#fff}
.page{max-width:1200px;margin:0 auto;padding:16px 24px;display:flex;gap:32px;align-items:flex-start}
nav{flex:0 0 250px;position:sticky;top:0;max-height:100vh;overflow:auto;font-size:16px}
nav ul{list-style:none;margin:0 0 8px;padding:0}main{flex:1;min-width:0}
a{color:#005eb8}a:focus,summary:focus{outline:4px solid #ffeb3b;background:#ffeb3b;color:#212b32}
article{background:#fff;border:1px solid #d8dde0;padding:16px 24px;margin:0 0 16px}
article h3{margin:0;font-size:19px}article:target{border-left:8px solid #005eb8}
code,pre{font:15px/1.5 Consolas,Menlo,monospace;overflow-wrap:anywhere}
pre{background:#f0f4f5;padding:8px 12px;overflow:auto}
table{border-collapse:collapse;width:100%;font-size:16px}caption{text-align:left;font-weight:700;padding:12px 0 4px}
th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid #d8dde0;vertical-align:top}
.method{display:inline-block;min-width:64px;padding:0 8px;text-align:center;color:#fff;font-weight:700}
.get{background:#005eb8}.post{background:#007f3b}.put{background:#aa4700}.delete{background:#d5281b}
@media(max-width:700px){.page{display:block}nav{position:static;max-height:none}}`;

/** Nothing is loaded and nothing runs. */
export const docsHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': [
    `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
  ].join('; '),
} as const;

/** The management API for people: every operation of its OpenAPI document, and the schemas that they name. */
export function docsPage(document: object): string {
  const { info, servers, paths, components } = document as OpenApiDocument;
  const base = servers[0]?.url ?? '';
  const groups = new Map<string, Shown[]>();
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const group = groupOf(operation);
      groups.set(group, [...(groups.get(group) ?? []), { path, method, operation }]);
    }
  }
  const schemas = Object.entries(components.schemas);
  const shown = [...groups].map(([group, all]) => {
    const articles = all.map((one) => operationArticle(one, base)).join('\n');
    return `<section><h2 id="${anchor(group)}">${escaped(group)}</h2>\n${articles}</section>`;
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escaped(info.title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head><body>
<header><h1>${escaped(info.title)}</h1><p>Version ${escaped(info.version)} at <code>${escaped(base)}</code> ·
<a href="/admin/v1/openapi.json">OpenAPI document</a></p></header>
<div class="page"><nav aria-label="Operations">${[...groups].map(navigation).join('')}
<p><a href="#schemas">Schemas</a></p></nav>
<main>${shown.join('\n')}
<section><h2 id="schemas">Schemas</h2>
${schemas.map(([name, schema]) => schemaArticle(name, schema)).join('\n')}</section></main></div>
</body></html>
`;
}

interface Shown {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** The area of the scope that it needs. */
function groupOf({ security }: Operation): string {
  const [, area = ''] = /^admin\/([a-z]+)\./.exec(security[0]?.oauth2[0] ?? '') ?? [];
  return area.charAt(0).toUpperCase() + area.slice(1);
}

function anchor(group: string): string {
  return `about-${group.toLowerCase()}`;
}

function navigation([group, operations]: readonly [string, readonly Shown[]]): string {
  const links = operations.map(({ operation: { operationId: id } }) => `<li><a href="#${id}">${escaped(id)}</a></li>`);
  return `<p><a href="#${anchor(group)}"><strong>${escaped(group)}</strong></a></p><ul>${links.join('')}</ul>`;
}

function operationArticle({ path, method, operation }: Shown, base: string): string {
  const { operationId: id, summary, security, parameters, requestBody, responses } = operation;
  const scopes = security.flatMap(({ oauth2 }) => oauth2).map(code);
  const sent = Object.entries(requestBody?.content ?? {});
  const verb = `<span class="method ${escaped(method)}">${escaped(method.toUpperCase())}</span>`;
  return `<article id="${escaped(id)}"><h3>${verb} ${code(path)}</h3>
<p>${escaped(summary)}</p><p>Scope: ${scopes.join(', ')}</p>
${parameters.length === 0 ? '' : table('Parameters', parameters.map(parameterRow))}
${sent.map(([type, { schema }]) => bodyShown(`Body, ${type}`, schema)).join('')}
${table(
  'Answers',
  Object.entries(responses).map(([status, { description, content }]) => [
    code(status),
    Object.values(content).map(({ schema }) => typeShown(schema)),
    escaped(description),
  ]),
)}
<details><summary>Example</summary><pre>${escaped(curl(path, method, base, sent[0]?.[0]))}</pre></details></article>`;
}

function curl(path: string, method: string, base: string, type: string | undefined): string {
  const body =
    type === undefined ? '' : type === 'application/json' ? " -H 'content-type: application/json' -d @body.json" : '';
  const file = type === 'application/octet-stream' ? ' --data-binary @FILE' : '';
  return `curl -X ${method.toUpperCase()} -H "authorization: Bearer $TOKEN"${body}${file} ${base}${path}`;
}

type Row = readonly (string | readonly string[])[];

function parameterRow({ name, in: place, required, description = '', schema }: Parameter): Row {
  const said = `${place}${required ? ', required' : ''}`;
  return [code(name), typeShown(schema), escaped(said), escaped(description)];
}

function bodyShown(caption: string, schema: Schema | undefined): string {
  if (schema?.properties === undefined) return table(caption, [[typeShown(schema)]]);
  return table(caption, propertyRows(schema));
}

function schemaArticle(name: string, schema: Schema): string {
  const rows = propertyRows(schema);
  const said = schema.description === undefined ? '' : `<p>${escaped(schema.description)}</p>`;
  return `<article id="schema-${escaped(name)}"><h3>${escaped(name)}</h3>${said}${table('Members', rows)}</article>`;
}

function propertyRows({ properties = {}, required = [] }: Schema): readonly Row[] {
  return Object.entries(properties).map(([name, one]) => [
    ...[code(name), typeShown(one)],
    ...[required.includes(name) ? 'required' : '', escaped(one.description ?? '')],
  ]);
}

/** The type of a value in a few words; a schema of its own as a link. */
function typeShown(schema: Schema | undefined): string {
  if (schema === undefined) return 'bytes';
  const { $ref, type, format, items, properties } = schema;
  const name = $ref?.split('/').pop();
  if (name !== undefined) return `<a href="#schema-${escaped(name)}">${escaped(name)}</a>`;
  if (schema.enum !== undefined) return schema.enum.map((one) => code(String(one))).join(', ');
  if (schema.const !== undefined) return code(String(schema.const));
  if (items !== undefined) return `list of ${typeShown(items)}`;
  if (properties !== undefined) {
    return `{ ${Object.entries(properties)
      .map(([key, one]) => `${code(key)}: ${typeShown(one)}`)
      .join(', ')} }`;
  }
  const types = [type ?? 'any'].flat().join(' or ');
  return escaped(format === undefined ? types : `${types} (${format})`);
}

function code(text: string): string {
  return `<code>${escaped(text)}</code>`;
}

/** Cells are HTML. */
function table(caption: string, rows: readonly Row[]): string {
  const lines = rows.map((row) => `<tr>${row.map((cell) => `<td>${[cell].flat().join(', ')}</td>`).join('')}</tr>`);
  return `<table><caption>${escaped(caption)}</caption><tbody>${lines.join('')}</tbody></table>`;
}

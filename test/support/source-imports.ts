import { posix } from 'node:path';
import type { SourceFile } from './source-file.ts';

export interface Import {
  /** The path of the imported file in the repository, or the name of a package. */
  readonly from: string;
  readonly local: boolean;
  /** Imported names; `*` for a whole module (namespace, side effect, dynamic import). */
  readonly names: readonly string[];
}

const statement = /^[ \t]*(import|export)\b([^;'"()=]*?)\bfrom\s*(?=['"])/gm;
const sideEffect = /^import\s*(?=['"])/gm;
const dynamic = /\bimport\(\s*(?=['"])/g;
const moduleUrl = /\bnew URL\(\s*(?=['"])/g;

/** Imports and re-exports of a file, type-only ones included. */
export function importsOf(file: SourceFile): readonly Import[] {
  const found: Import[] = [];
  const add = (at: number, names: readonly string[]) => {
    const quote = file.text.charAt(at);
    const from = file.text.slice(at + 1, file.text.indexOf(quote, at + 1));
    const local = from.startsWith('.');
    found.push({ from: local ? posix.join(posix.dirname(file.path), from) : from, local, names });
  };
  for (const match of file.code.matchAll(statement)) add(match.index + match[0].length, namesOf(match[2] ?? ''));
  for (const pattern of [sideEffect, dynamic, moduleUrl])
    for (const match of file.code.matchAll(pattern)) add(match.index + match[0].length, ['*']);
  return found;
}

/** `a, type B, c as d` → a, B, c. */
function namesOf(clause: string): readonly string[] {
  const braces = /\{([^}]*)\}/.exec(clause);
  if (braces === null) return ['*'];
  return (braces[1] ?? '')
    .split(',')
    .map((name) => name.replace(/\btype\s+/, '').trim())
    .map((name) => name.split(/\s+as\s+/)[0] ?? '')
    .filter((name) => name !== '');
}

export interface Export {
  readonly name: string;
  /** An interface or a type alias: gone at run time. */
  readonly type: boolean;
}

const declaration =
  /^export\s+(?:abstract\s+)?(?:async\s+)?(function\s*\*?|const|let|class|interface|type)\s+([\w$]+)/gm;
const list = /^export\s+(type\s+)?\{([^}]*)\}/gm;

/** What a file exports, its re-exports included. */
export function exportsOf(file: SourceFile): readonly Export[] {
  const declared = [...file.code.matchAll(declaration)].map(([, kind = '', name = '']) => ({
    name,
    type: kind === 'interface' || kind === 'type',
  }));
  const listed = [...file.code.matchAll(list)].flatMap(([, type, names = '']) =>
    names.split(',').map((name) => ({
      name: name.trim().split(/\s+/).at(-1) ?? '',
      type: type !== undefined || /^\s*type\s/.test(name),
    })),
  );
  return [...declared, ...listed].filter(({ name }) => name !== '');
}

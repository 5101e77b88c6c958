import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blank } from './source-scan.ts';

/** A file of the repository. */
export interface SourceFile {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  /** `text` with comments, strings and regular expressions blanked. */
  readonly code: string;
}

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, code: path.endsWith('ts') ? blank(text) : text };
}

const notOurs = new Set(['node_modules', 'dist', 'data', 'coverage', '.git']);

/** Every file below `folders` of `root` whose name ends in one of `endings`. */
export function sourceTree(root: string, folders: readonly string[], endings: readonly string[]): SourceFile[] {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => paths(root, folder))
    .filter((path) => endings.some((ending) => path.endsWith(ending)))
    .sort()
    .map((path) => sourceFile(path, readFileSync(join(root, path), 'utf8')));
}

/** What stands at the top of the repository, ignored and generated things apart. */
export function topEntries(root: string): string[] {
  return readdirSync(root).filter((name) => !notOurs.has(name) && !name.endsWith('.log'));
}

function paths(root: string, folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (notOurs.has(entry.name)) continue;
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...paths(root, path));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

/** 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

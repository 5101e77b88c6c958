import { lineAt, type SourceFile } from './source-file.ts';

export interface FunctionSpan {
  readonly name: string;
  /** 1-based line of its first token. */
  readonly line: number;
  readonly lines: number;
}

const named = /\bfunction\s*\*?\s*([\w$]*)\s*(?=[<(])/g;
const method = /^[ \t]+(?:(?:async|static|override|private|protected|public|get|set)\s+)*\*?([\w$#]+)\s*(?=[<(])/gm;
const arrow = /=>\s*(?=\{)/g;
const notMethods = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'function', 'return', 'super', 'await']);

/** Functions, methods and arrow functions with a body in braces. Callbacks of `describe` are chapters, no functions. */
export function functionsOf(file: SourceFile): readonly FunctionSpan[] {
  const { code } = file;
  const found: FunctionSpan[] = [];
  const add = (name: string, start: number, brace: number) => {
    const line = lineAt(code, start);
    found.push({ name, line, lines: lineAt(code, closing(code, brace)) - line + 1 });
  };
  const withParameters = (name: string, start: number, at: number) => {
    const brace = bodyAfter(code, closing(code, code.charAt(at) === '<' ? closing(code, at) + 1 : at) + 1);
    if (brace !== undefined) add(name, start, brace);
  };
  for (const match of code.matchAll(named))
    withParameters(match[1] || 'anonymous', match.index, match.index + match[0].length);
  for (const match of code.matchAll(method)) {
    const name = match[1] ?? '';
    const start = match.index + match[0].length - match[0].trimStart().length;
    if (!notMethods.has(name)) withParameters(name, start, match.index + match[0].length);
  }
  for (const match of code.matchAll(arrow)) {
    const statement = code.slice(code.lastIndexOf('\n', match.index) + 1, match.index);
    if (!/^\s*(?:describe|context)(?:\.\w+)?\(/.test(statement))
      add(/(?:const|let)\s+([\w$]+)/.exec(statement)?.[1] ?? 'arrow', match.index, match.index + match[0].length);
  }
  return found;
}

const pairs: Readonly<Record<string, string>> = { '(': ')', '{': '}', '[': ']', '<': '>' };

/** Offset of the bracket that closes the one at `open`; the `>` of `=>` closes nothing. */
function closing(code: string, open: number): number {
  const from = code.charAt(open);
  const to = pairs[from] ?? '';
  let depth = 0;
  for (let at = open; at < code.length; at += 1) {
    const char = code.charAt(at);
    if (char === from) depth += 1;
    else if (char === to && !(to === '>' && code.charAt(at - 1) === '=')) depth -= 1;
    if (depth === 0) return at;
  }
  return code.length;
}

/** The brace that opens the body, past a return type; undefined where there is none (a call, an overload). */
function bodyAfter(code: string, from: number): number | undefined {
  let at = from;
  const skip = () => {
    while (/\s/.test(code.charAt(at))) at += 1;
  };
  skip();
  if (code.charAt(at) === '{') return at;
  if (code.charAt(at) !== ':') return undefined;
  at += 1;
  // A brace is part of the return type where a type is still expected.
  let typeExpected = true;
  for (; at < code.length; at += 1) {
    skip();
    const char = code.charAt(at);
    if (char === '{' && !typeExpected) return at;
    if (char === ';' || char === ',' || char === ')' || (char === '=' && code.charAt(at + 1) !== '>')) return undefined;
    if (char === '{' || char === '(' || char === '[' || char === '<') at = closing(code, at);
    typeExpected = char === '|' || char === '&' || (char === '>' && code.charAt(at - 1) === '=');
  }
  return undefined;
}

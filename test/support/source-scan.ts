/**
 * The text of a TypeScript file with the insides of comments, strings, templates and regular expressions replaced by
 * spaces: same length, same lines, quotes kept. What is left is code that regular expressions can look at. (The
 * compiler that we use has no API to parse with.)
 */
export function blank(text: string): string {
  const out = [...Array(text.length).keys()].map((at) => text.charAt(at));
  const hide = (from: number, to: number) => {
    for (let at = from; at < to; at += 1) if (out[at] !== '\n') out[at] = ' ';
  };
  // Braces of `${…}`: the depth at which each open template goes on.
  const templates: number[] = [];
  let depth = 0;
  let at = text.startsWith('#!') ? lineEnd(text, 0) : 0;
  hide(0, at);
  while (at < text.length) {
    const char = text.charAt(at);
    const next = text.charAt(at + 1);
    let end = at + 1;
    if (char === '/' && next === '/') {
      end = lineEnd(text, at);
      hide(at, end);
    } else if (char === '/' && next === '*') {
      end = after(text, '*/', at + 2);
      hide(at, end);
    } else if (char === "'" || char === '"') {
      end = stringEnd(text, at, char);
      hide(at + 1, end - 1);
    } else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      end = templateEnd(text, at + 1);
      if (text.charAt(end - 1) === '{') templates.push(depth);
      hide(char === '`' ? at + 1 : at, text.charAt(end - 1) === '`' ? end - 1 : end);
    } else if (char === '/' && startsRegex(text, at)) {
      end = regexEnd(text, at);
      hide(at + 1, end - 1);
    } else if (char === '{') {
      depth += 1;
    } else if (char === '}') {
      depth -= 1;
    }
    at = end;
  }
  return out.join('');
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end < 0 ? text.length : end;
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at + mark.length;
}

function stringEnd(text: string, from: number, quote: string): number {
  let at = from + 1;
  while (at < text.length && text.charAt(at) !== quote && text.charAt(at) !== '\n')
    at += text.charAt(at) === '\\' ? 2 : 1;
  return at + 1;
}

/** Just past the closing back-tick, or past the `${` that interrupts. */
function templateEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text.charAt(at) === '`') return at + 1;
    if (text.startsWith('${', at)) return at + 2;
    at += text.charAt(at) === '\\' ? 2 : 1;
  }
  return at;
}

/** A slash divides after a value and begins a regular expression anywhere else. */
function startsRegex(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 60), at).trimEnd();
  if (before === '' || /[(,=:[!&|?{};+*%~^<>-]$/.test(before)) return true;
  return /(?:^|[^\w$.])(?:return|typeof|case|in|of|void|delete|await|yield)$/.test(before);
}

function regexEnd(text: string, from: number): number {
  let inClass = false;
  let at = from + 1;
  for (; at < text.length && text.charAt(at) !== '\n'; at += 1) {
    const char = text.charAt(at);
    if (char === '\\') at += 1;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) break;
  }
  return at + 1;
}

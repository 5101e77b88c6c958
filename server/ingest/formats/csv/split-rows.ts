/**
 * The first rows of a text as csv-parse gives them by `csvOptions`, where its quotes are as they should be: a cell is
 * quoted as a whole or not at all. A few rows cost csv-parse, which looks at every character, more than all else that
 * finding a file's header does.
 *
 * @returns at most `max` rows, those before a quote that does not end; undefined where csv-parse must decide
 */
export function splitRows(text: string, delimiter: string, max: number): string[][] | undefined {
  const plain = new RegExp(`[^"\\r\\n${delimiter}]*`, 'y');
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length && rows.length < max; ) {
    let end: number;
    if (text[at] === '"') {
      const close = closingQuote(text, at + 1);
      if (close < 0) return rows;
      row.push(text.slice(at + 1, close).replaceAll('""', '"'));
      end = close + 1;
    } else {
      plain.lastIndex = at;
      row.push(plain.exec(text)?.[0] ?? '');
      end = plain.lastIndex;
    }
    const mark = text[end];
    if (mark === delimiter) {
      at = end + 1;
      if (at < text.length) continue;
      row.push('');
    } else if (mark !== undefined && mark !== '\n' && mark !== '\r') {
      return undefined;
    } else {
      at = end + (mark === '\r' && text[end + 1] === '\n' ? 2 : 1);
    }
    rows.push(row);
    row = [];
  }
  return rows;
}

function closingQuote(text: string, from: number): number {
  let close = text.indexOf('"', from);
  while (close >= 0 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  return close;
}

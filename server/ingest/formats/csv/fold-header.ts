/** Case, accents, punctuation and a byte order mark do not count in headings. */
export function foldHeader(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
}

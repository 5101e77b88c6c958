/** Letters that Unicode does not decompose, and the quotation marks and dashes that people type for one another. */
const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ı: 'i',
  ŋ: 'n',
  ŧ: 't',
  ĸ: 'k',
  ς: 'σ',
  '‘': "'",
  '’': "'",
  ʼ: "'",
  '`': "'",
  '´': "'",
  '‐': '-',
  '‑': '-',
  '–': '-',
};

const special = new RegExp(`[${Object.keys(letters).join('')}]`, 'gu');
const ascii = /^[\0-\x5f\x61-\x7f]*$/;

/**
 * What a string search compares: lower case, without accents, white space collapsed and trimmed.
 * https://hl7.org/fhir/R4/search.html#string ("case and accent insensitive"). Folding twice changes nothing.
 */
export function fold(text: string): string {
  if (ascii.test(text)) return squeeze(text.toLowerCase());
  const bare = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return squeeze(bare.replace(special, (letter) => letters[letter] ?? letter));
}

function squeeze(text: string): string {
  return /^\s|\s$|\s\s|[^\S ]/.test(text) ? text.trim().replace(/\s+/g, ' ') : text;
}

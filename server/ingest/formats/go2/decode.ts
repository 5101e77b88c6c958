/** Bytes 0x80–0x9F as Windows-1252 reads them, in order; the five that it leaves undefined stay control characters. */
const windows1252 =
  '\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f' +
  '\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178';

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unusual = /[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u001f\u007f-\u009f]/;

/** Text of ESR bytes: ISO-8859-1, with 0x80–0x9F read as Windows-1252 (meaning.md, Files). One character per byte. */
export function decodeEsr(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return /[\u0080-\u009f]/.test(text) ? text.replace(/[\u0080-\u009f]/g, fromWindows1252) : text;
}

function fromWindows1252(character: string): string {
  return windows1252.charAt(character.charCodeAt(0) - 0x80);
}

/** Does the text hold anything but printable characters, LF and CR? Asked per block, so that lines need no test. */
export function isUnusual(text: string): boolean {
  return unusual.test(text);
}

/** Does the text hold a C0 or C1 control character or DEL? */
export function hasControls(text: string): boolean {
  return controls.test(text);
}

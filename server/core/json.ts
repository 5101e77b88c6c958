const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** `text` as a JSON string. Most texts need no escape, and to look whether one does costs half of writing it anew. */
export function quoted(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}

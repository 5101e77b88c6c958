/**
 * oidc-provider says on the console, at import, that Node.js 20 is unsupported (what we use of it is tested on 20, 22
 * and 24): a line that would stand in front of every command's own output. Imported before the library, this swallows
 * that one line and takes itself out again; everything else passes.
 */
// biome-ignore lint/suspicious/noConsole: the library writes there and offers no other way
const warn = console.warn;

console.warn = (...words: readonly unknown[]) => {
  if (!String(words[0]).includes('oidc-provider WARNING: Unsupported runtime')) return warn(...words);
  console.warn = warn;
};

/**
 * The one door to oidc-provider. At import it says on the console that Node.js 20 is unsupported (what we use of it is
 * tested on 20, 22 and 24): a line that would stand in front of every command's own output. Nothing else is swallowed.
 */
// biome-ignore lint/suspicious/noConsole: the library writes there and offers no other way
const warn = console.warn;
console.warn = (...words: readonly unknown[]) => {
  if (!String(words[0]).includes('Unsupported runtime')) warn(...words);
};
const library = await import('oidc-provider');
console.warn = warn;

export const Provider = library.Provider;
export const errors = library.errors;

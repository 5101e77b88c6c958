const flags: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['y', true],
  ['no', false],
  ['n', false],
]);

/**
 * Reads an ESR yes/no, which is `Yes`/`No` in some columns and `Y`/`N` in others (esr.md 1.2), in any case.
 *
 * @param text trimmed, not blank
 * @returns undefined where it is neither
 */
export function normaliseFlag(text: string): boolean | undefined {
  return flags.get(text.toLowerCase());
}

/** A code list as its file states it (`mappings/codes/*.json`, checked against `codeListSchema`). */
export interface CodeListDocument {
  readonly list: string;
  readonly title: string;
  /** CodeSystem URL; `{base}` stands for the canonical base. */
  readonly system: string;
  readonly source: string;
  readonly version: string;
  readonly licence: string;
  /** The list whose codes are the `group` of these concepts: displays are unique inside a group only. */
  readonly within?: string;
  readonly concepts: readonly Concept[];
}

export interface Concept {
  readonly code: string;
  readonly display: string;
  readonly group?: string;
  /** Other wordings of ESR for the same concept. */
  readonly aliases?: readonly string[];
  /** Withdrawn nationally; ESR may still send it. */
  readonly retired?: boolean;
  /** Registration bodies: how their numbers look. The first group of the pattern is the number as it is published. */
  readonly number?: { readonly systems: readonly string[]; readonly pattern: string };
}

export interface CodeList {
  readonly document: CodeListDocument;
  /** The concept that a text of ESR means, and no guess: undefined where none does. */
  find(text: string, groupText?: string): Concept | undefined;
}

/** Compiles a list; `within` is the compiled list of its groups. Texts compare folded (`fold`). */
export function codeList(document: CodeListDocument, within?: CodeList): CodeList {
  const byText = new Map<string, Concept>();
  // Live concepts first: a retired one never takes the text of a live one.
  for (const retired of [false, true]) {
    for (const concept of document.concepts) {
      if ((concept.retired ?? false) !== retired) continue;
      for (const text of [concept.display, ...(concept.aliases ?? [])]) {
        const key = `${concept.group ?? ''}/${fold(text)}`;
        if (!byText.has(key)) byText.set(key, concept);
      }
    }
  }
  return {
    document,
    find(text, groupText) {
      if (document.within === undefined) return byText.get(`/${fold(text)}`);
      const group = groupText === undefined ? undefined : within?.find(groupText);
      return group === undefined ? undefined : byText.get(`${group.code}/${fold(text)}`);
    },
  };
}

/**
 * ESR sends texts, not codes, and spells them in several ways: case, `and` or `&`, commas, dashes and brackets do not
 * count. Text of no letter or digit folds to ''.
 */
export function fold(text: string): string {
  const known = folded.get(text);
  if (known !== undefined) return known;
  const result = text
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replace(/[^a-z0-9]+/g, ' ')
    .trim();
  if (folded.size < foldedTextsMax) folded.set(text, result);
  return result;
}

/** ESR's vocabulary is a few hundred texts; the limit keeps free text from growing the memory without end. */
const foldedTextsMax = 2_000;
const folded = new Map<string, string>();

/** A piece of SQL text with the values bound to its `?`, in order. Values never become text. */
export interface Fragment {
  readonly text: string;
  readonly params: readonly Bound[];
}

export type Bound = string | number | null;

/** Composes SQL: an interpolated fragment is inlined with its values, anything else is bound. */
export function sql(strings: TemplateStringsArray, ...values: readonly (Fragment | Bound)[]): Fragment {
  let text = strings[0] ?? '';
  const params: Bound[] = [];
  for (const [index, value] of values.entries()) {
    if (value !== null && typeof value === 'object') {
      text += value.text;
      params.push(...value.params);
    } else {
      text += '?';
      params.push(value);
    }
    text += strings[index + 1] ?? '';
  }
  return { text, params };
}

/** SQL text of our own making (a quoted name, a keyword), without values. */
export function raw(text: string): Fragment {
  return { text, params: [] };
}

/** `parts` between `separator`s. */
export function join(parts: readonly Fragment[], separator: string): Fragment {
  return { text: parts.map((part) => part.text).join(separator), params: parts.flatMap((part) => part.params) };
}

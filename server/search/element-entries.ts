import { periodRange } from './date-range.ts';
import { fold } from './fold.ts';
import { gmcDigits, isGmcSystem } from './gmc.ts';
import { ofTypeCode } from './of-type.ts';
import type { ElementType, SearchParameter } from './parameters.ts';
import type { IndexEntry } from './query.ts';

type Emit = (entry: IndexEntry) => void;
type Convert = (element: unknown, emit: Emit) => void;

/** How an element of each data type is indexed (https://hl7.org/fhir/R4/search.html#ptypes). */
export function elementEntries(parameter: SearchParameter): Convert {
  const convert = converters[parameter.of];
  return (element, emit) => convert(parameter.code, element, emit);
}

interface Identifier {
  readonly system?: string;
  readonly value?: string;
}

interface TypedIdentifier extends Identifier {
  readonly type?: CodeableConcept;
}

interface Coding {
  readonly system?: string;
  readonly code?: string;
  readonly display?: string;
}

interface CodeableConcept {
  readonly coding?: readonly Coding[];
  readonly text?: string;
}

interface HumanName {
  readonly text?: string;
  readonly family?: string;
  readonly given?: readonly string[];
  readonly prefix?: readonly string[];
  readonly suffix?: readonly string[];
}

interface Address {
  readonly text?: string;
  readonly line?: readonly string[];
  readonly city?: string;
  readonly district?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
}

const converters: Readonly<Record<ElementType, (param: string, element: unknown, emit: Emit) => void>> = {
  boolean: (param, element, emit) => emit({ param, kind: 'token', system: null, code: String(element) }),
  code: (param, element, emit) => emit({ param, kind: 'token', system: null, code: String(element) }),
  string: (param, element, emit) => text(param, element as string, emit),
  Identifier: (param, element, emit) => typedIdentifier(param, element as TypedIdentifier, emit),
  CodeableConcept(param, element, emit) {
    const { coding = [], text: words } = element as CodeableConcept;
    for (const { system, code, display } of coding) {
      if (code !== undefined) emit({ param, kind: 'token', system: system ?? null, code });
      if (display !== undefined) text(`${param}:text`, display, emit);
    }
    if (words !== undefined) text(`${param}:text`, words, emit);
  },
  // E-mail addresses are compared without case; of telephone numbers lower-casing changes nothing.
  ContactPoint(param, element, emit) {
    const { value } = element as { value?: string };
    if (value !== undefined) emit({ param, kind: 'token', system: null, code: value.toLowerCase() });
  },
  HumanName(param, element, emit) {
    const name = element as HumanName;
    texts(param, [name.text, name.family, name.given, name.prefix, name.suffix], emit);
  },
  Address(param, element, emit) {
    const at = element as Address;
    texts(param, [at.text, at.line, at.city, at.district, at.state, at.postalCode, at.country], emit);
  },
  Reference(param, element, emit) {
    const to = element as { reference?: string; identifier?: Identifier };
    if (to.reference !== undefined && !to.reference.startsWith('#')) {
      emit({ param, kind: 'reference', target: to.reference.replace(/\/_history\/[^/]+$/, '') });
    }
    if (to.identifier !== undefined) identifier(`${param}:identifier`, to.identifier, emit);
  },
  Period(param, element, emit) {
    const { start, end } = element as { start?: string; end?: string };
    const range = start === undefined && end === undefined ? undefined : periodRange(start, end);
    if (range !== undefined) emit({ param, kind: 'date', low: range.low, high: range.high });
  },
  uri: (param, element, emit) => emit({ param, kind: 'uri', value: String(element) }),
};

function identifier(param: string, { system, value }: Identifier, emit: Emit): void {
  if (value === undefined) return;
  emit({ param, kind: 'token', system: system ?? null, code: stored(system, value) });
}

function typedIdentifier(param: string, element: TypedIdentifier, emit: Emit): void {
  identifier(param, element, emit);
  const { system, value, type } = element;
  for (const { system: typeSystem, code } of value === undefined ? [] : (type?.coding ?? [])) {
    if (code === undefined) continue;
    const typed = ofTypeCode(code, stored(system, value ?? ''));
    emit({ param: `${param}:of-type`, kind: 'token', system: typeSystem ?? null, code: typed });
  }
  if (type?.text !== undefined) text(`${param}:text`, type.text, emit);
}

/** GMC numbers are compared by their digits. */
function stored(system: string | undefined, value: string): string {
  return isGmcSystem(system) ? (gmcDigits(value) ?? value) : value;
}

function text(param: string, value: string, emit: Emit): void {
  emit({ param, kind: 'string', value, folded: fold(value) });
}

function texts(param: string, parts: readonly (string | readonly string[] | undefined)[], emit: Emit): void {
  for (const part of parts) {
    if (part === undefined) continue;
    if (typeof part === 'string') text(param, part, emit);
    else for (const one of part) text(param, one, emit);
  }
}

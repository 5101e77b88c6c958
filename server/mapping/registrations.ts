import type { CodeList } from './code-list.ts';
import type { Reader, Reading } from './reading.ts';
import { textField } from './reading.ts';

/** One professional registration (ETA `NHS Regs and Memships`) made ready for the mapping. */
export interface Registration {
  readonly reading: Reading;
  readonly facts: RegistrationFacts;
}

interface RegistrationFacts {
  /** What is registered: the part of the register, else the body; with a number that has not the body's shape. */
  readonly text: string | undefined;
  /** The body's name as its code list writes it, else as ESR does. */
  readonly issuer: string | undefined;
  /** Identifier system of the body and the number in its shape; both or neither. */
  readonly system: string | undefined;
  readonly value: string | undefined;
}

/** A number that is published as a Practitioner.identifier. */
export interface ProfessionalIdentifier {
  readonly reading: Reading;
  readonly facts: { readonly system: string; readonly value: string };
}

export interface Registrations {
  readonly registrations: readonly Registration[];
  /** Each number once per system of its body (GMC: `gmc-number` and `gmc-reference-number`, 7 digits both). */
  readonly identifiers: readonly ProfessionalIdentifier[];
}

/** Reads a person's registrations; numbers of the wrong shape stay text and are warned about. */
export function registrationsOf(reader: Reader, readings: readonly Reading[], bodies: CodeList): Registrations {
  const identifiers = new Map<string, ProfessionalIdentifier>();
  const registrations = readings.map((reading) => {
    const { facts, systems } = describe(reader, reading, bodies);
    for (const system of systems) {
      if (facts.value === undefined) continue;
      const identifier = { reading, facts: { system, value: facts.value } };
      const place = `${system}|${facts.value}`;
      if (!identifiers.has(place)) identifiers.set(place, identifier);
    }
    return { reading, facts };
  });
  return { registrations, identifiers: [...identifiers.values()] };
}

function describe(
  reader: Reader,
  reading: Reading,
  bodies: CodeList,
): { readonly facts: RegistrationFacts; readonly systems: readonly string[] } {
  const body = textField(reading, 'body');
  const stated = textField(reading, 'number');
  const concept = body === undefined ? undefined : bodies.find(body);
  const issuer = concept?.display ?? body;
  const what = textField(reading, 'part') ?? issuer;
  const warn = (rule: string, field: string, message: string) =>
    reader.warn({ rule, record: reading.key, field, message, waitsFor: null });
  if (body !== undefined && concept === undefined) warn('code-unknown', 'body', 'body is not in registration-body');
  const number = stated === undefined ? undefined : shaped(stated, concept?.number?.pattern);
  if (stated === undefined || number !== undefined) {
    const systems = concept?.number?.systems ?? [];
    const system = number === undefined ? undefined : systems[0];
    return { facts: { text: what, issuer, system, value: number }, systems };
  }
  if (concept?.number !== undefined) {
    warn('registration-number-shape', 'number', `number has not the shape of ${concept.display}`);
  }
  const text = `${what ?? 'Registration'} (number as recorded in ESR: ${stated})`;
  return { facts: { text, issuer, system: undefined, value: undefined }, systems: [] };
}

function shaped(stated: string, pattern: string | undefined): string | undefined {
  if (pattern === undefined) return undefined;
  return compiled(pattern).exec(stated.replaceAll(' ', '').toUpperCase())?.[1];
}

const patterns = new Map<string, RegExp>();

function compiled(pattern: string): RegExp {
  let regExp = patterns.get(pattern);
  if (regExp === undefined) {
    regExp = new RegExp(pattern);
    patterns.set(pattern, regExp);
  }
  return regExp;
}

import { present } from '../core/assert.ts';

/**
 * The elements of the types that are stored (https://hl7.org/fhir/R4/resourcelist.html), marked as their definitions
 * mark them: `+` stands in the summary (Σ), `!` is mandatory or a modifier and is never left out.
 */
const own: Readonly<Record<string, string>> = {
  Practitioner: `identifier+ active+ name+ telecom+ address+ gender+ birthDate+ photo qualification communication`,
  PractitionerRole: `identifier+ active+ period+ practitioner+ organization+ code+ specialty+ location+
    healthcareService telecom+ availableTime notAvailable availabilityExceptions endpoint`,
  Organization: `identifier+ active+! type+ name+ alias telecom address partOf+ contact endpoint`,
  Location: `identifier+ status+! operationalStatus+ name+ alias description+ mode+ type+ telecom address physicalType+
    position managingOrganization+ partOf hoursOfOperation availabilityExceptions endpoint`,
  Basic: 'identifier+ code+! subject+ created+ author+',
  Subscription: 'status+! contact+ end+ reason+! criteria+! error+ channel+!',
};

/** Of Resource and DomainResource. `resourceType` is no element, but JSON without it is no resource. */
const inherited = 'resourceType! id+! meta+! implicitRules+! language text contained extension modifierExtension+!';

interface TypeElements {
  readonly all: ReadonlySet<string>;
  readonly summary: ReadonlySet<string>;
  /** Never left out. */
  readonly kept: ReadonlySet<string>;
}

const types = new Map(Object.entries(own).map(([type, elements]) => [type, marked(`${inherited} ${elements}`)]));

function marked(text: string): TypeElements {
  const words = text.split(/\s+/);
  const withMark = (mark: string) => words.filter((word) => word.includes(mark)).map(nameOf);
  return { all: new Set(words.map(nameOf)), summary: new Set(withMark('+')), kept: new Set(withMark('!')) };
}

function nameOf(word: string): string {
  return word.replace(/[+!]/g, '');
}

/** Asserts that the type is one that is stored. */
export function elementsOf(type: string): TypeElements {
  return present(types.get(type), `the elements of ${type}`);
}

import { expect } from 'chai';
import mongoose from 'mongoose';
import { present } from '../../server/core/assert.ts';
import { openMongo } from '../../server/store/mongo/open.ts';
import { bearer, type FhirRig, fhirRig, type TestResource } from '../support/fhir-rig.ts';
import { dropDatabases, freshDatabase, mongoUri, uriOf } from '../support/mongo-place.ts';

/**
 * Searches, the commands that their answer takes on the resources, and what may make them: each step of a chain or
 * `_has` is one, the page is one, what is included needs one for the references of each parameter and one for all that
 * they name, each reverse include one.
 */
const searches: readonly (readonly [query: string, trips: number, made: string])[] = [
  ['Practitioner?_count=200', 1, 'the page'],
  ['Practitioner?family=Siôn&_count=200&_total=accurate', 2, 'the page and the count, at once'],
  ['Practitioner?_sort=family&_count=200', 2, 'the order, the page'],
  ['PractitionerRole?practitioner.family=Siôn&_count=200', 2, 'a step, the page'],
  ['PractitionerRole?organization.partof.name=Trust&_count=200', 3, 'two steps, the page'],
  ['PractitionerRole?practitioner.family=Siôn&organization.name=Ward&_count=200', 3, 'a step of each chain, the page'],
  ['Practitioner?_has:PractitionerRole:practitioner:active=true&_count=200', 2, 'a step, the page'],
  ['Practitioner?_has:PractitionerRole:practitioner:organization.name=Ward&_count=200', 3, 'two steps, the page'],
  ['PractitionerRole?_include=PractitionerRole:practitioner&_count=200', 3, 'the page, references, targets'],
  [
    'PractitionerRole?_include=PractitionerRole:practitioner&_include=PractitionerRole:organization&_count=200',
    4,
    'the page, references of each parameter, targets of both',
  ],
  ['Practitioner?_revinclude=PractitionerRole:practitioner&_count=200', 2, 'the page, what refers to it'],
  [
    'Practitioner?_revinclude=PractitionerRole:practitioner&_include:iterate=PractitionerRole:organization&_count=200',
    4,
    'the page, what refers to it, references, targets',
  ],
];

describe('Searches on MongoDB', function () {
  this.timeout(60_000);
  if (mongoUri === undefined) it('are counted where MONGODB_URI names a server');
  else describeRoundTrips(mongoUri);
});

function describeRoundTrips(base: string): void {
  const database = freshDatabase();
  let rig: FhirRig;
  let asked: string[] = [];

  before(async () => {
    rig = await fhirRig(['rxx'], {}, (options) => openMongo({ ...options, uri: monitored(uriOf(base, database)) }));
    // The store’s connection is the newest that mongoose knows.
    const client = present(mongoose.connections.at(-1), 'a connection').getClient();
    client.on('commandStarted', ({ commandName, command }) => {
      const collection = command[commandName === 'getMore' ? 'collection' : commandName];
      if (collection === 'resource' || collection === 'version') asked.push(commandName);
    });
    await rig.put('rxx', [
      { resourceType: 'Organization', id: 'o', name: 'Trust' },
      { resourceType: 'Organization', id: 'w', name: 'Ward', partOf: { reference: 'Organization/o' } },
    ]);
  });
  after(async () => {
    await rig.close();
    await dropDatabases(base, database);
  });

  const people = (from: number, to: number): readonly TestResource[] =>
    Array.from({ length: to - from }, (_, n) => [
      { resourceType: 'Practitioner', id: `p${from + n}`, name: [{ family: `Siôn${from + n}` }] },
      {
        ...{ resourceType: 'PractitionerRole', id: `r${from + n}`, active: true },
        practitioner: { reference: `Practitioner/p${from + n}` },
        organization: { reference: 'Organization/w' },
      },
    ]).flat();

  const answered = async (query: string) => {
    asked = [];
    const url = `/t/rxx/fhir/v1/${query}`;
    const response = await rig.app.inject({ url, headers: { authorization: bearer('rxx', 'system/*.rs') } });
    const { entry } = response.json() as { readonly entry?: readonly object[] };
    return { found: entry?.length ?? 0, trips: asked.length };
  };

  for (const [from, to] of [
    [0, 3],
    [3, 90],
  ] as const) {
    it(`take as many round trips for ${to} matches as their steps and includes say`, async () => {
      await rig.put('rxx', people(from, to));
      for (const [query, trips, made] of searches) {
        const answer = await answered(query);
        expect(answer.found, query).to.be.at.least(to);
        expect(answer.trips, `${query}: ${made}; ${asked.join()}`).to.equal(trips);
      }
    });
  }
}

/** The driver tells of its commands where it is asked to. */
function monitored(uri: string): string {
  return `${uri}${uri.includes('?') ? '&' : '?'}monitorCommands=true`;
}

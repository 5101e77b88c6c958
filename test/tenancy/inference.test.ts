import { expect } from 'chai';
import type { InjectOptions } from 'fastify';
import { builtInSets, type PermissionSet, permissionSetFrom } from '../../server/auth/permission-set.ts';
import { bearer, type FhirRig, fhirRig, type TestResource } from '../support/fhir-rig.ts';
import { type Question, questions, telling } from '../support/inference-questions.ts';
import { people, practitioner, role, wardDirectory } from '../support/ward-directory.ts';

/**
 * Two worlds that differ in nothing but what is withheld: whoever does not see it gets the same answer in both,
 * whatever is asked. With everything in sight the same questions tell them apart.
 */
interface Secret {
  readonly what: string;
  readonly other: (resource: TestResource) => TestResource | undefined;
  readonly set?: object;
  readonly scope?: string;
  readonly sensitive?: readonly string[];
  /** Parameters that must tell the worlds apart where nothing is withheld. */
  readonly tells?: readonly string[];
}

type Elements = Readonly<Record<string, unknown>>;

const changed = (type: string, change: (resource: TestResource) => Elements) => (resource: TestResource) =>
  resource.resourceType === type ? { ...resource, ...change(resource) } : resource;

const withExtension = (name: string, value: Elements) =>
  changed('PractitionerRole', ({ extension }) => ({
    extension: (extension as readonly { readonly url: string }[]).map((one) =>
      one.url.endsWith(`/${name}`) ? { url: one.url, ...value } : one,
    ),
  }));

/** Another life of a person: every element another. */
const otherwise = (id: string) => (resource: TestResource) => {
  const person = people.find((one) => one.id === id);
  if (person === undefined) return resource;
  if (resource.resourceType === 'Practitioner' && resource.id === id) {
    return { ...practitioner({ id, gender: 'unknown' }), name: [{ family: 'Secret' }], active: false };
  }
  if (resource.resourceType === 'PractitionerRole' && resource.id === id.replace('p', 'r')) {
    return { ...role(person), active: false, period: { start: '2024-01-01' }, code: [{ text: 'secret' }] };
  }
  return resource;
};

const without =
  (...names: readonly string[]) =>
  (resource: TestResource) =>
    names.includes(`${resource.resourceType}/${resource.id}`) ? undefined : resource;

const secrets: readonly Secret[] = [
  {
    what: 'birth date',
    set: { mask: ['birth-date'] },
    other: changed('Practitioner', () => ({ birthDate: '1950-12-31' })),
  },
  {
    what: 'gender',
    set: { mask: ['gender'] },
    other: changed('Practitioner', ({ id }) => ({ gender: id === 'p1' ? 'male' : 'unknown' })),
    tells: ['Practitioner.gender'],
  },
  {
    what: 'contact',
    set: { mask: ['contact'] },
    other: (resource) =>
      changed('Practitioner', () => ({ telecom: [{ system: 'phone', value: '9' }], address: undefined }))(
        changed('PractitionerRole', () => ({ telecom: undefined }))(resource),
      ),
    tells: ['Practitioner.email', 'Practitioner.address-city', 'PractitionerRole.phone'],
  },
  {
    what: 'registrations',
    set: { mask: ['registrations'] },
    other: changed('Practitioner', ({ identifier, id }) => ({
      identifier: [
        ...(identifier as readonly object[]).slice(0, 1),
        ...(id === 'p1'
          ? []
          : [{ system: 'https://fhir.hl7.org.uk/Id/nmc-number', value: '99A', type: { text: 'Other' } }]),
      ],
      qualification: undefined,
    })),
    tells: ['Practitioner.identifier'],
  },
  {
    what: 'a part of the name',
    set: { mask: ['Practitioner.name.prefix'] },
    other: changed('Practitioner', ({ id }) => ({
      name: [{ family: `Family${id}`, given: ['Ann'], prefix: ['Lord'] }],
    })),
    tells: ['Practitioner.name'],
  },
  {
    what: 'an extension',
    set: { mask: ['PractitionerRole.extension:staff-group', 'PractitionerRole.extension:grade'] },
    other: withExtension('staff-group', { valueCodeableConcept: { text: 'other', coding: [{ code: 'x' }] } }),
    tells: ['PractitionerRole.staff-group'],
  },
  {
    what: 'a reference',
    set: { mask: ['PractitionerRole.location'] },
    other: changed('PractitionerRole', ({ id }) => ({
      location: [{ reference: `Location/${id === 'r1' ? 's3' : 's2'}` }],
    })),
    tells: ['PractitionerRole.location'],
  },
  {
    what: 'people of other departments',
    set: { rows: { departments: ['a'] } },
    other: otherwise('p3'),
    tells: ['Practitioner.family', 'PractitionerRole.active'],
  },
  {
    what: 'how many other departments and people there are',
    set: { rows: { departments: ['a'] } },
    other: without('Practitioner/p3', 'PractitionerRole/r3', 'Basic/b3', 'Organization/b'),
  },
  { what: 'people of other staff groups', set: { rows: { staffGroups: ['nursing'] } }, other: otherwise('p4') },
  {
    what: 'people and positions of other sites',
    set: { rows: { sites: ['s1'] } },
    other: without('Practitioner/p3', 'PractitionerRole/r3', 'Basic/b3', 'Location/s3'),
  },
  {
    what: 'people beyond a granular scope',
    scope:
      'system/Practitioner.rs?gender=female system/PractitionerRole.rs?practitioner=p1,p3 system/Organization.rs system/Location.rs system/Basic.rs',
    other: otherwise('p2'),
  },
  {
    what: 'sensitive staff',
    sensitive: ['p4'],
    other: without('Practitioner/p4', 'PractitionerRole/r4'),
  },
  { what: 'what sensitive staff do', sensitive: ['p4'], other: otherwise('p4') },
];

const slowMs = process.env['VERIFY'] === '1' ? 600_000 : 120_000;
const everything = 'system/*.rs';

describe('What is withheld cannot be inferred', () => {
  for (const secret of secrets) {
    it(`${secret.what}, by any parameter and route`, async () => {
      const other = wardDirectory.flatMap((resource) => secret.other(resource) ?? []);
      const rig = await twoWorlds(wardDirectory, other);
      try {
        const tellingParameters = telling(wardDirectory, other);
        const asked = someOf(questions([wardDirectory, other]), tellingParameters);
        rig.permit(builtInSets.full);
        const told = await apart(rig, asked, everything);
        expect(told.size, 'with everything in sight').to.be.greaterThan(0);
        for (const one of [...tellingParameters, ...(secret.tells ?? [])]) expect([...told.keys()]).to.include(one);
        const withheld: PermissionSet = permissionSetFrom({ name: 'least', ...secret.set });
        rig.permit(withheld);
        rig.withhold((secret.sensitive ?? []).map((person) => ({ person, practitioners: [] })));
        const still = await apart(rig, asked, secret.scope ?? everything);
        expect(Object.fromEntries(still)).to.deep.equal({});
        for (const scope of granularScopes([...tellingParameters])) {
          if (secret.set === undefined || !('mask' in secret.set)) continue;
          expect(Object.fromEntries(await apart(rig, asked.slice(0, 60), scope)), scope).to.deep.equal({});
        }
      } finally {
        await rig.close();
      }
    }).timeout(slowMs);
  }
});

/** All of them where there is time (`npm run verify`), else all that are about the secret and some of the others. */
function someOf(all: readonly Question[], about: ReadonlySet<string>): readonly Question[] {
  if (process.env['VERIFY'] === '1') return all;
  const parameters = all.filter((one) => about.has(one.about));
  const each = Math.ceil(parameters.length / aboutTheSecretMax);
  const others = all.filter((one) => !about.has(one.about));
  const routes = others.filter((one) => one.about.includes('{'));
  const chosen = new Map(parameters.map((one) => [one.about, one]));
  return [
    ...routes,
    ...chosen.values(),
    ...parameters.filter((_, at) => at % each === 0),
    ...others.filter((one, at) => !one.about.includes('{') && at % 40 === 0),
  ];
}

const aboutTheSecretMax = 250;

async function twoWorlds(a: readonly TestResource[], b: readonly TestResource[]): Promise<FhirRig> {
  const rig = await fhirRig(['rxx', 'ryy']);
  // What the two are told apart by elsewhere: the systems of identifiers name the tenant.
  for (const [tenant, world] of [
    ['rxx', a],
    ['ryy', b],
  ] as const) {
    await rig.put(tenant, local(world, tenant));
    await rig.put(
      tenant,
      local(
        world.filter(({ id }) => id === 'r1' || id === 'p1'),
        tenant,
      ),
    );
  }
  return rig;
}

function local(world: readonly TestResource[], tenant: string): readonly TestResource[] {
  return JSON.parse(JSON.stringify(world).replaceAll('/Id/rxx/', `/Id/${tenant}/`)) as readonly TestResource[];
}

/** The questions that are answered otherwise in the other world, by what they are about. */
async function apart(rig: FhirRig, asked: readonly Question[], scope: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const question of asked) {
    const [one, two] = [await answer(rig, question, 'rxx', scope), await answer(rig, question, 'ryy', scope)];
    if (one !== two && !found.has(question.about)) found.set(question.about, question.path);
  }
  return found;
}

async function answer(rig: FhirRig, { method, path, body, prefer }: Question, tenant: string, scope: string) {
  const headers = {
    authorization: bearer(tenant, scope),
    'x-request-id': 'r',
    ...(prefer === undefined ? {} : { prefer }),
    ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
  };
  const local = (text: string) =>
    text.replaceAll('/Id/rxx/', `/Id/${tenant}/`).replaceAll('%2FId%2Frxx%2F', `%2FId%2F${tenant}%2F`);
  const url = `/t/${tenant}/fhir/v1/${local(path)}`;
  const payload = body === undefined ? {} : { payload: local(body) };
  const {
    statusCode,
    headers: got,
    body: text,
  } = await rig.app.inject({ method, url, headers, ...payload } as InjectOptions);
  const { date: _, 'content-length': __, ...rest } = got;
  return JSON.stringify([statusCode, rest, text])
    .replaceAll(tenant, '#')
    .replace(/_page=[A-Za-z0-9_-]+/g, '_page=#');
}

/** Tokens that a client may ask for itself, within a plain ceiling. */
function granularScopes(about: readonly string[]): readonly string[] {
  return about.map((one) => {
    const [type, code] = one.split('.');
    const value = { gender: 'female', date: '2020', name: 'lord', identifier: '1234561' }[code ?? ''] ?? 'x';
    return `system/${type}.rs?${code}=${value}`;
  });
}

import { expect } from 'chai';
import { routes } from '../../../server/interaction/table.ts';
import { bearer, type FhirRig, fhirRig, parameters, publicUrl } from '../../support/fhir-rig.ts';

const base = '/t/rxx/fhir/v1';

interface ResourceEntry {
  readonly type: string;
  readonly interaction: readonly { readonly code: string }[];
  readonly searchParam: readonly { readonly name: string; readonly type: string; readonly documentation?: string }[];
  readonly searchInclude?: readonly string[];
  readonly searchRevInclude?: readonly string[];
}

describe('interaction/metadata and smart-configuration', () => {
  let rig: FhirRig;
  before(async () => {
    rig = await fhirRig(['rxx']);
  });
  after(() => rig.close());

  const resources = async (): Promise<readonly ResourceEntry[]> =>
    (await rig.app.inject(`${base}/metadata`)).json().rest[0].resource;

  it('describes this base without a token', async () => {
    const response = await rig.app.inject(`${base}/metadata`);
    expect(response.statusCode).to.equal(200);
    const statement = response.json();
    expect(statement).to.deep.include({ resourceType: 'CapabilityStatement', fhirVersion: '4.0.1', kind: 'instance' });
    expect(statement.implementation.url).to.equal(`${publicUrl}${base}`);
    const [uris] = statement.rest[0].security.extension;
    expect(uris.extension[0]).to.deep.equal({ url: 'token', valueUri: `${publicUrl}/oauth/token` });
  });

  it('promises every search parameter that searches accept, and no other', async () => {
    const authorization = bearer('rxx', 'system/*.rs');
    for (const { type, searchParam } of await resources()) {
      if (!parameters.has(type)) continue;
      const names = searchParam.map(({ name }) => name);
      expect(names).to.have.members(['_id', '_lastUpdated', ...(parameters.get(type)?.keys() ?? [])]);
      for (const name of names) {
        const value = name === 'date' || name === '_lastUpdated' ? '2026' : isBoolean(type, name) ? 'true' : 'x';
        const url = `${base}/${type}?${name}=${value}`;
        expect((await rig.app.inject({ url, headers: { authorization } })).statusCode, url).to.equal(200);
      }
    }
  });

  it('promises modifiers that work, and takes no other', async () => {
    const authorization = bearer('rxx', 'system/*.rs');
    const ask = async (url: string) => (await rig.app.inject({ url, headers: { authorization } })).statusCode;
    for (const { type, searchParam } of await resources()) {
      if (!parameters.has(type)) continue;
      for (const { name, documentation = '' } of searchParam) {
        const [, listed = ''] = documentation.split('Modifiers: ');
        for (const modifier of listed === '' ? [] : listed.split(', ')) {
          const truth = modifier === 'missing' || isBoolean(type, name);
          const value = truth ? 'true' : modifier === 'of-type' ? 's|c|v' : 'x';
          expect(await ask(`${base}/${type}?${name}:${modifier}=${value}`), `${name}:${modifier}`).to.equal(200);
        }
        expect(await ask(`${base}/${type}?${name}:constructor=true`), name).to.equal(400);
      }
    }
  });

  it('names every result parameter', async () => {
    const { documentation } = (await rig.app.inject(`${base}/metadata`)).json().rest[0];
    for (const name of '_sort _count _total _summary _elements _include _revinclude _has'.split(' ')) {
      expect(documentation).to.include(name);
    }
  });

  it('promises includes that work', async () => {
    const authorization = bearer('rxx', 'system/*.rs');
    for (const { type, searchInclude = [], searchRevInclude = [] } of await resources()) {
      for (const query of [
        ...searchInclude.map((i) => `_include=${i}`),
        ...searchRevInclude.map((i) => `_revinclude=${i}`),
      ]) {
        const url = `${base}/${type}?${query}`;
        expect((await rig.app.inject({ url, headers: { authorization } })).statusCode, url).to.equal(200);
      }
    }
  });

  it('lists the interactions of the table', async () => {
    const listed = (await resources()).flatMap(({ type, interaction }) =>
      interaction.map(({ code }) => `${type} ${code}`),
    );
    const routed = routes.flatMap((route) =>
      route.open || route.interaction === 'operation' || route.scopeType !== undefined
        ? []
        : route.types.map((type) => `${type} ${route.interaction}`),
    );
    expect(new Set(listed)).to.deep.equal(new Set(routed));
  });

  it('lets nothing but the two discovery documents be read without a token', () => {
    const open = routes.filter((route) => route.open).map(({ path }) => path);
    expect(open).to.deep.equal(['metadata', '.well-known/smart-configuration']);
  });

  it('answers 401 without a token and 403 without the scope on every protected route', async () => {
    for (const route of routes) {
      if (route.open) continue;
      for (const type of route.types) {
        const path = route.path.replace('{type}', type).replace('{id}', 'x').replace('{version}', '1');
        const ask = (headers: Readonly<Record<string, string>>) =>
          rig.app.inject({ method: route.method, url: `${base}/${path}`, headers });
        expect((await ask({})).statusCode, path).to.equal(401);
        const scope = type === 'Basic' ? 'system/Location.cruds' : 'system/Basic.cruds';
        expect((await ask({ authorization: bearer('rxx', scope) })).statusCode, path).to.equal(403);
      }
    }
  });

  it('publishes the SMART configuration', async () => {
    const document = (await rig.app.inject(`${base}/.well-known/smart-configuration`)).json();
    expect(document.token_endpoint).to.equal(`${publicUrl}/oauth/token`);
    expect(document.grant_types_supported).to.deep.equal(['client_credentials', 'authorization_code', 'refresh_token']);
    expect(document).to.include({ issuer: `${publicUrl}/oauth`, authorization_endpoint: `${publicUrl}/oauth/auth` });
    expect(document.code_challenge_methods_supported).to.deep.equal(['S256']);
    expect(document.capabilities).to.include.members([
      'client-confidential-asymmetric',
      'permission-v1',
      'permission-v2',
    ]);
  });
});

function isBoolean(type: string, name: string): boolean {
  return parameters.get(type)?.get(name)?.of === 'boolean';
}

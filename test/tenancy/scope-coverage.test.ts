import { expect } from 'chai';
import type { InjectOptions } from 'fastify';
import { permissionSetFrom } from '../../server/auth/permission-set.ts';
import { present } from '../../server/core/assert.ts';
import { eventRoutes } from '../../server/interaction/event-table.ts';
import { type ProtectedRoute, routes } from '../../server/interaction/table.ts';
import { bearer, type FhirRig, fhirRig } from '../support/fhir-rig.ts';
import { routeCases } from '../support/route-cases.ts';

const protectedRoutes = routes.filter((route): route is ProtectedRoute => !route.open);
const id = '00000000-0000-4000-8000-000000000000';
const letters = ['c', 'r', 'u', 'd', 's'] as const;

/** Every route of the table and every type; a new route that `route-cases.ts` has no case for fails here. */
describe('Every route asks for its scope', () => {
  let rig: FhirRig;

  before(async () => {
    rig = await fhirRig(['rxx', 'ryy']);
  });
  after(() => rig.close());

  const ask = async (scope: string | undefined, route: ProtectedRoute, type: string, tenant = 'rxx') => {
    const asked = present(routeCases[`${route.method} ${route.path}`], `a case for ${route.method} ${route.path}`)(
      type,
      id,
    );
    const { path, method = 'GET', headers = {}, body } = present(asked[0], 'a question');
    const authorization = scope === undefined ? {} : { authorization: bearer('rxx', scope) };
    const sent = {
      url: `/t/${tenant}/fhir/v1/${path}`,
      method,
      headers: { 'x-request-id': 'r', ...headers, ...authorization },
    };
    const answer = await rig.app.inject({ ...sent, ...(body === undefined ? {} : { payload: body }) } as InjectOptions);
    const { date: _, ...rest } = answer.headers;
    return { status: answer.statusCode, headers: rest, body: answer.body };
  };

  for (const route of protectedRoutes) {
    const { method, path, types, needs, scopeType } = route;
    it(`${method} ${path} (${types.join(', ')}): ${needs}`, async () => {
      for (const type of types) {
        const scoped = scopeType ?? type;
        expect((await ask(undefined, route, type)).status, 'no token').to.equal(401);
        expect((await ask(`system/${scoped}.${needs}`, route, type, 'ryy')).status, 'another base').to.equal(401);
        expect((await ask(`system/${scoped}.${needs}`, route, type)).status, 'its own scope').to.not.equal(403);
        const others = letters.filter((letter) => letter !== needs).join('');
        const elsewhere = protectedRoutes
          .flatMap((one) => one.types)
          .filter((one) => one !== scoped && one !== 'SubscriptionTopic');
        const refused = [
          await ask(`system/${scoped}.${others}`, route, type),
          await ask([...new Set(elsewhere)].map((one) => `system/${one}.cruds`).join(' '), route, type),
          await ask(`patient/${scoped}.cruds`, route, type),
        ];
        if (scoped === 'AuditEvent' || scoped === 'Provenance') refused.push(await ask('system/*.cruds', route, type));
        for (const one of refused) {
          expect(one.status).to.equal(403);
          expect(one).to.deep.equal(refused[0], 'a refusal says nothing but that it is one');
        }
      }
    });

    it(`${method} ${path} (${types.join(', ')}): only under a permission set with ${needs}`, async () => {
      for (const type of types) {
        const scoped = scopeType ?? type;
        const wanted = `system/${scoped}.cruds`;
        const others = letters.filter((letter) => letter !== needs).join('');
        rig.permit(permissionSetFrom({ name: 'others', resources: { '*': 'cruds', [scoped]: others } }));
        const refused = await ask(wanted, route, type);
        rig.permit(permissionSetFrom({ name: 'own', resources: { [scoped]: needs } }));
        expect((await ask(wanted, route, type)).status).to.not.equal(403);
        rig.permit(permissionSetFrom({ name: 'all' }));
        expect(refused.status).to.equal(403);
      }
    });
  }

  for (const { path, scopeTypes = [], needs } of eventRoutes) {
    it(`GET events ${path}: ${needs} of a type that events tell of`, async () => {
      const types = protectedRoutes.flatMap((one) => one.types).filter((one) => one !== 'SubscriptionTopic');
      const told = new Set(scopeTypes);
      // What is no cursor is told to those alone who may ask.
      const events = async (scope: string | undefined, tenant = 'rxx') => {
        const authorization = scope === undefined ? {} : { authorization: bearer('rxx', scope) };
        const url = `/t/${tenant}/events/v1${path === '' ? '' : `/${path}`}?after=none`;
        const { statusCode, headers, body } = await rig.app.inject({
          url,
          headers: { 'x-request-id': 'r', ...authorization },
        });
        const { date: _, ...rest } = headers;
        return { status: statusCode, headers: rest, body };
      };
      expect((await events(undefined)).status).to.equal(401);
      const refused = [await events('system/Location.cruds')];
      expect(told.size).to.be.greaterThan(0);
      for (const type of told) {
        expect((await events(`system/${type}.${needs}`)).status, type).to.equal(400);
        expect((await events(`system/${type}.${needs}`, 'ryy')).status, type).to.equal(401);
        refused.push(await events(`system/${type}.cuds`), await events(`patient/${type}.cruds`));
        rig.permit(permissionSetFrom({ name: 'others', resources: { '*': 'cruds', [type]: 'cuds' } }));
        refused.push(await events(`system/${type}.cruds`));
        rig.permit(permissionSetFrom({ name: 'all' }));
      }
      for (const type of new Set(types)) if (!told.has(type)) refused.push(await events(`system/${type}.cruds`));
      for (const one of refused) expect(one).to.deep.equal(refused[0]);
      expect(refused[0]?.status).to.equal(403);
    });
  }
});

import { expect } from 'chai';
import type { InjectOptions } from 'fastify';
import { permissionSetFrom } from '../../server/auth/permission-set.ts';
import { present } from '../../server/core/assert.ts';
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
});

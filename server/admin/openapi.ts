import { adminBase, issuerUrl, tokenEndpoint } from '../auth/base.ts';
import type { AdminRoute, QueryParameter } from './route.ts';
import { components, type JsonSchema, ref } from './schema.ts';
import { adminRoutes } from './table.ts';

/** The management API as an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0), made from the route table. */
export function openApi(publicUrl: string, software: { readonly name: string; readonly version: string }): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of adminRoutes) {
    const path = `/${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  const { authorizationUrl, tokenUrl } = {
    authorizationUrl: `${issuerUrl(publicUrl)}/auth`,
    tokenUrl: tokenEndpoint(publicUrl),
  };
  const scopes = Object.fromEntries(adminRoutes.map(({ scope }) => [scope, `needed by operations that say ${scope}`]));
  return {
    openapi: '3.1.0',
    info: { title: `${software.name} management API`, version: software.version },
    servers: [{ url: adminBase(publicUrl) }],
    paths,
    components: {
      securitySchemes: {
        oauth2: {
          type: 'oauth2',
          flows: {
            clientCredentials: { tokenUrl, scopes },
            authorizationCode: { authorizationUrl, tokenUrl, scopes },
          },
        },
      },
      schemas: components,
    },
  };
}

function operation({ operation: operationId, summary, scope, parameters, path, body, answer }: AdminRoute): object {
  const inPath = [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => ({
    ...{ name, in: 'path', required: true },
    schema: { type: 'string' },
  }));
  return {
    operationId,
    summary,
    security: [{ oauth2: [scope] }],
    parameters: [...inPath, ...parameters.map(queryParameter)],
    ...(body === undefined ? {} : { requestBody: { required: true, content: contentOf(body) } }),
    responses: {
      [answer.status]: { description: answer.description, content: { 'application/json': { schema: answer.schema } } },
      default: { description: 'a problem (RFC 9457)', content: problemContent },
    },
  };
}

function queryParameter({ name, description, required = false, values }: QueryParameter): object {
  const schema = { type: 'string', ...(values === undefined ? {} : { enum: values }) };
  return { name, in: 'query', description, required, schema };
}

const problemContent = { 'application/problem+json': { schema: ref('Problem') } };

function contentOf(body: 'file' | 'reason' | JsonSchema): object {
  if (body === 'file') return { 'application/octet-stream': {} };
  return { 'application/json': { schema: body === 'reason' ? ref('Reason') : body } };
}

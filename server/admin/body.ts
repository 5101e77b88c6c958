import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { AppError } from '../core/error.ts';
import { limits } from '../core/limits.ts';
import { statedReason } from '../ingest/steward/decision.ts';
import { components, type JsonSchema } from './schema.ts';

const ajv = new Ajv2020({ allErrors: true, strict: false });
formats.default(ajv);
ajv.addSchema({ $id: 'api:', components: { schemas: components } });
const compiled = new Map<JsonSchema, ValidateFunction>();

/** The reason that a decision's body, `{"reason": "…"}`, gives; throws `invalid` or `too-large`. */
export async function reasonOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const body = await jsonOf(bytes);
  return statedReason(typeof body === 'object' && body !== null && 'reason' in body ? body.reason : undefined);
}

/** The JSON body of a request, as its route's schema wants it. An empty one is an empty object. */
export async function checkedBody(bytes: AsyncIterable<Uint8Array>, schema: JsonSchema): Promise<unknown> {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    const { $ref: name } = schema;
    validate = ajv.compile(typeof name === 'string' ? { $ref: `api:${name}` } : schema);
    compiled.set(schema, validate);
  }
  const body = await jsonOf(bytes);
  if (validate(body)) return body;
  const problems = (validate.errors ?? []).map(({ instancePath, message = '', params }) => {
    const surplus: unknown = params['additionalProperty'];
    return `${instancePath || '/'} ${message}${typeof surplus === 'string' ? ` (${surplus.slice(0, 100)})` : ''}`;
  });
  throw new AppError('invalid', `the body is not what this operation takes: ${problems.join('; ')}`);
}

async function jsonOf(bytes: AsyncIterable<Uint8Array>): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    parts.push(part);
    size += part.length;
    if (size > limits.bodyBytesMax) throw new AppError('too-large', `a body has at most ${limits.bodyBytesMax} bytes`);
  }
  if (size === 0) return {};
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    throw new AppError('invalid', 'the body is not JSON');
  }
}

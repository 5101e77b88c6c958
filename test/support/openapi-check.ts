import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
}

/** An OpenAPI document that says whether an answer is the one that it promises. */
export interface OpenApiCheck {
  /** Operations that gave a good answer so far. */
  readonly answered: Set<string>;
  readonly operations: readonly string[];
  /** Throws where the answer is not what the document says of the operation. */
  check(method: string, path: string, status: number, body: unknown): void;
}

/** `document` as `/admin/v1/openapi.json` gives it. */
export function openApiCheck(document: { readonly paths: Record<string, Record<string, Operation>> }): OpenApiCheck {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  formats.default(ajv);
  ajv.addSchema({ $id: 'api:', ...document });
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const literal = path.split('/').filter((part) => !part.startsWith('{')).length;
      const pattern = new RegExp(`^${path.replace(/\{[a-z]+\}/g, '[^/]+')}$`);
      return { path, method, operation, literal, pattern };
    }),
  );
  const answered = new Set<string>();
  return {
    answered,
    operations: all.map(({ operation }) => operation.operationId),
    check(method, path, status, body) {
      const matching = all.filter((one) => one.method === method.toLowerCase() && one.pattern.test(path));
      const [found] = matching.sort((a, b) => b.literal - a.literal);
      if (found === undefined) throw new Error(`${method} ${path} is not in the OpenAPI document`);
      const { operationId, responses } = found.operation;
      const response = responses[status] === undefined ? 'default' : String(status);
      if (status < 300 && response === 'default') throw new Error(`${operationId} does not promise ${status}`);
      const type = response === 'default' ? 'application~1problem+json' : 'application~1json';
      const place = found.path.replaceAll('~', '~0').replaceAll('/', '~1');
      const pointer = `/paths/${place}/${found.method}/responses/${response}/content/${type}/schema`;
      const validate = ajv.getSchema(`api:#${encodeURI(pointer)}`);
      if (validate === undefined) throw new Error(`${operationId} has no schema for ${response}`);
      if (!validate(body)) throw new Error(`${operationId} ${status}: ${ajv.errorsText(validate.errors)}`);
      if (status < 300) answered.add(operationId);
    },
  };
}

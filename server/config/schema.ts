import { Ajv, type ErrorObject } from 'ajv';
import { ownSchema } from '../core/own-schema.ts';

/** All settings: one schema. The environment variable of `publicUrl` is `ESR_FHIR_PUBLIC_URL`, and so on. */
export interface Settings {
  readonly mode: 'development' | 'production';
  readonly data: string;
  readonly host: string;
  readonly port: number;
  readonly publicUrl?: string;
  readonly store: string;
  readonly canonicalBase: string;
  readonly masterKey?: string;
  readonly auditAnchor?: string;
  readonly hosts?: string;
  readonly tokenRequestsPerMinute?: number;
  readonly nats?: string;
  readonly logLevel: 'error' | 'warn' | 'info' | 'debug';
}

export const settingsSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    mode: {
      enum: ['development', 'production'],
      default: 'development',
      description: '`production` refuses every unsafe default at boot.',
    },
    data: { type: 'string', minLength: 1, default: './data', description: 'The data folder.' },
    host: {
      type: 'string',
      minLength: 1,
      default: 'localhost',
      description: 'Where to listen: `localhost`, or `0.0.0.0` and `::` for every network of the machine.',
    },
    port: { type: 'integer', minimum: 0, maximum: 65535, default: 8080, description: 'HTTP port; 0 picks a free one.' },
    publicUrl: {
      type: 'string',
      pattern: '^https?://[^/?#\\s]+$',
      description: 'The URL that clients use, without a path; every link in an answer begins with it.',
    },
    store: {
      type: 'string',
      pattern: '^(sqlite|mongodb(\\+srv)?://[^/?#\\s]+/[A-Za-z0-9_-]{1,30}(\\?\\S*)?)$',
      default: 'sqlite',
      description:
        'Where data are kept: `sqlite`, the embedded store, or a `mongodb://` URI whose database name (at most 30 ' +
        'characters) is that of the system database and begins those of the tenants.',
    },
    canonicalBase: {
      type: 'string',
      pattern: '^https?://[^?#\\s]+[^/?#\\s]$',
      default: 'https://esr-fhir.example',
      description: 'Root of our identifier systems and canonical URLs, without a trailing slash.',
    },
    masterKey: {
      type: 'string',
      minLength: 43,
      description: '32 bytes as hex or base64url; replaces the file `master.key` of the data folder.',
    },
    auditAnchor: {
      type: 'string',
      minLength: 1,
      description:
        'A file, best on another machine or on write-once storage, to which every signed audit checkpoint ' +
        'is appended; `audit verify` holds the log against it.',
    },
    hosts: {
      type: 'string',
      minLength: 1,
      description:
        'Values of the Host header that are answered, separated by commas, besides that of the public URL. ' +
        'In development without this setting: every one.',
    },
    tokenRequestsPerMinute: {
      type: 'integer',
      minimum: 0,
      maximum: 10_000_000,
      description:
        'Requests per minute and address at the authorization server; 0: as many as come. ' +
        'In production 6000 without this setting, else 0.',
    },
    nats: {
      type: 'string',
      pattern: '^(nats|tls)://[^/?#\\s]+$',
      description:
        'A NATS server with JetStream, `nats://` or `tls://` with user and password where it wants them: every event ' +
        'of the tenants whose setting `publishEvents` is true is published there, under subjects that begin with the ' +
        'tenant.',
    },
    logLevel: { enum: ['error', 'warn', 'info', 'debug'], default: 'info', description: 'Least severe level logged.' },
  },
} as const;

/** `publicUrl` → `ESR_FHIR_PUBLIC_URL`. */
export function variableOf(setting: string): string {
  return `ESR_FHIR_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

const ajv = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true, ...ownSchema });
const validate = ajv.compile<Settings>(settingsSchema);

/** The settings with defaults filled in, or every problem in a sentence. Never shows a value: some are secrets. */
export function checkSettings(raw: Record<string, unknown>): Settings | readonly string[] {
  const candidate = { ...raw };
  if (!validate(candidate)) return (validate.errors ?? []).map(problem);
  const unsafe = candidate.mode === 'production' ? unsafeIn(candidate) : [];
  return unsafe.length > 0 ? unsafe : candidate;
}

function problem(error: ErrorObject): string {
  const name = error.instancePath.slice(1);
  if (error.keyword === 'additionalProperties') return `unknown setting ${error.params['additionalProperty']}`;
  return `${variableOf(name)} ${error.message ?? 'is wrong'}`;
}

function unsafeIn(settings: Settings): string[] {
  const problems = [];
  if (!settings.publicUrl?.startsWith('https://')) problems.push('production needs an https ESR_FHIR_PUBLIC_URL');
  if (settings.masterKey === undefined) problems.push('production needs ESR_FHIR_MASTER_KEY');
  if (settings.canonicalBase === settingsSchema.properties.canonicalBase.default) {
    problems.push('production needs ESR_FHIR_CANONICAL_BASE');
  }
  if (settings.nats?.startsWith('nats:') === true) problems.push('production needs a tls:// ESR_FHIR_NATS');
  return problems;
}

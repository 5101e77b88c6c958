import { readFileSync } from 'node:fs';
import { AppError } from '../core/error.ts';
import { checkSettings, type Settings, settingsSchema, variableOf } from './schema.ts';

/**
 * Settings from, in rising order of weight: defaults, the JSON file named by `ESR_FHIR_CONFIG`, `ESR_FHIR_…` variables,
 * `overrides` (the command line). An unknown or unsafe setting throws `invalid`: the boot stops.
 */
export function loadSettings(
  environment: Readonly<Record<string, string | undefined>>,
  overrides: Readonly<Record<string, unknown>> = {},
): Settings {
  const known = new Map(Object.keys(settingsSchema.properties).map((name) => [variableOf(name), name]));
  const raw: Record<string, unknown> = { ...fromFile(environment['ESR_FHIR_CONFIG']) };
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('ESR_FHIR_') || variable === 'ESR_FHIR_CONFIG' || value === undefined) continue;
    const name = known.get(variable);
    if (name === undefined) throw new AppError('invalid', `unknown setting ${variable}`);
    raw[name] = value;
  }
  for (const [name, value] of Object.entries(overrides)) if (value !== undefined) raw[name] = value;
  const settings = checkSettings(raw);
  if (Array.isArray(settings)) throw new AppError('invalid', settings.join('; '));
  return settings as Settings;
}

function fromFile(path: string | undefined): Record<string, unknown> {
  if (path === undefined) return {};
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new AppError('invalid', `ESR_FHIR_CONFIG ${path} cannot be read as JSON: ${(error as Error).message}`);
  }
}

import { type Settings, variableOf } from '../config/schema.ts';

/**
 * The environment of a process that works for this one: what the settings say of the store wins over what this
 * process's own environment says, so that both open the same one.
 */
export function childEnvironment({ store, masterKey }: Pick<Settings, 'store' | 'masterKey'>): NodeJS.ProcessEnv {
  const key = masterKey === undefined ? {} : { [variableOf('masterKey')]: masterKey };
  return { ...process.env, [variableOf('store')]: store, ...key };
}

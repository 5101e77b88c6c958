import type { RecordKey } from '../../record/record.ts';
import type { RecordReader, Stage } from '../../store/port.ts';

/**
 * Stored records without those that a staged file states by itself: assignments and registrations, all of them, and
 * the people in the file. What surrounds them (organisations, locations, positions, other people) stays.
 */
export function fileOnly(stored: RecordReader, stage: Stage): RecordReader {
  const kept = async <T extends RecordKey>(keys: readonly T[]): Promise<readonly T[]> => {
    const around = keys.filter(({ type }) => type !== 'assignment' && type !== 'registration');
    const persons = around.filter(({ type }) => type === 'person');
    const staged = persons.length === 0 ? undefined : await stage.find(persons);
    return staged === undefined ? around : around.filter(({ type, id }) => !staged.has(`${type}/${id}`));
  };
  return {
    ...stored,
    get: async (keys) => stored.get(await kept(keys)),
    hashes: async (keys) => stored.hashes(await kept(keys)),
    referring: async (to) => kept(await stored.referring(to)),
  };
}

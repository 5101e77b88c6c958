import type { User, Users } from '../auth/user.ts';
import { AppError } from '../core/error.ts';
import type { Store } from '../store/port.ts';

const kind = 'user';

/** The persisted registry of people who log in. */
export interface UserRegistry extends Users {
  list(): Promise<readonly User[]>;
  /** Throws `conflict` where the name is taken. */
  add(user: User): Promise<void>;
  /** By name; throws `not-found`. */
  get(name: string): Promise<User>;
  put(user: User): Promise<void>;
}

/** Rows are keyed by name, so that a name is given once. */
export function userRegistry(store: Store): UserRegistry {
  const { documents } = store.system;
  const list = async () => (await documents.list(kind)).map((row) => JSON.parse(row.document) as User);
  const named = async (name: string) => {
    const document = await documents.get(kind, userName(name));
    return document === undefined ? undefined : (JSON.parse(document) as User);
  };
  return {
    list,
    named,
    find: async (id) => (await list()).find((user) => user.id === id),
    async add(user) {
      if (!(await documents.insert(kind, user.name, JSON.stringify(user)))) {
        throw new AppError('conflict', `there is a user ${user.name} already`);
      }
    },
    async get(name) {
      const user = await named(name);
      if (user === undefined) throw new AppError('not-found', `there is no user ${userName(name)}`);
      return user;
    },
    put: (user) => documents.put(kind, user.name, JSON.stringify(user)),
  };
}

/** A name that somebody may have, as it is stored. Throws `invalid`. */
export function checkedUserName(text: string): string {
  const name = userName(text);
  if (!/^[^\s\p{C}]{1,200}$/u.test(name)) throw new AppError('invalid', 'a name has 1 to 200 characters and no spaces');
  return name;
}

/** As it is stored: `Ann.Example@trust.example ` and `ann.example@trust.example` are one name. */
function userName(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}

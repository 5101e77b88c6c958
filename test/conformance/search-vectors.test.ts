import { openSqlite } from '../../server/store/sqlite/open.ts';
import { describeSearchVectors } from '../support/search-vectors.ts';

describeSearchVectors('SQLite', openSqlite);

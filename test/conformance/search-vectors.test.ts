import { describeSearchVectors } from '../support/search-vectors.ts';
import { onEmbeddedStore, openUnderTest } from '../support/store-under-test.ts';

describeSearchVectors(onEmbeddedStore ? 'SQLite' : 'MongoDB', openUnderTest);

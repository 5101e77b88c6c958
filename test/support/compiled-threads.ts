import { dirname } from 'node:path';
import { compiledProgram } from './compiled-program.ts';

/** Required by mocha before any test: threads of what tests run start from the compiled program (`core/thread.ts`). */
process.env['COMPILED_SERVER'] = dirname(compiledProgram());

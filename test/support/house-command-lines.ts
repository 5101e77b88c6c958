import { runCommandLine } from '../../server/cli/program.ts';
import { openHouse } from '../../server/main.ts';

/**
 * A process that runs many command lines one after the other, each as if it were alone, and prints what became of each
 * as JSON: starting a process for each of a hundred costs minutes. Argument: JSON of a list of argument lists.
 */
const [, , lines = '[]'] = process.argv;
const packageFile = new URL('../../package.json', import.meta.url).pathname;
const { stdout, stderr } = process;
const write = { stdout: stdout.write.bind(stdout), stderr: stderr.write.bind(stderr) };
const results: { status: number; stdout: string; stderr: string }[] = [];

for (const args of JSON.parse(lines) as readonly (readonly string[])[]) {
  const result = { status: 0, stdout: '', stderr: '' };
  const into = (name: 'stdout' | 'stderr') => (chunk: string | Uint8Array) => {
    result[name] += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  stdout.write = into('stdout');
  stderr.write = into('stderr');
  process.exitCode = 0;
  await runCommandLine(openHouse, [process.execPath, 'esr-fhir', ...args], packageFile);
  result.status = Number(process.exitCode);
  stdout.write = write.stdout;
  stderr.write = write.stderr;
  results.push(result);
}
process.exitCode = 0;
stdout.write(JSON.stringify(results));

import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { present } from '../../server/core/assert.ts';

/**
 * The baseline of ingest benchmarks: csv-parse reading a CSV file as a stream of arrays, nothing done with them. Three
 * times, as the first warms up; prints the rows/s of the fastest, by the clock and by the CPU time.
 */
const file = present(process.argv[2], 'a CSV file');
let best = 0;
let bestCpu = 0;
for (let time = 0; time < 3; time += 1) {
  const began = performance.now();
  const cpu = process.cpuUsage();
  let rows = 0;
  const parser = parse({ columns: false });
  parser.on('data', () => {
    rows += 1;
  });
  const ended = new Promise<void>((resolve, reject) => {
    parser.once('end', resolve).once('error', reject);
  });
  createReadStream(file).pipe(parser);
  await ended;
  const { user, system } = process.cpuUsage(cpu);
  best = Math.max(best, (rows / (performance.now() - began)) * 1000);
  bestCpu = Math.max(bestCpu, (rows / (user + system)) * 1e6);
}
process.stdout.write(JSON.stringify({ rowsPerSecond: best, rowsPerCpuSecond: bestCpu }));

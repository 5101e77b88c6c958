import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IngestFigures } from './ingest-process.ts';
import { machine } from './machine.ts';
import { median, round } from './numbers.ts';
import { builtFile, ingesting, runForJson } from './processes.ts';
import { type Reload, writeCsvReload, writeReload } from './reload-file.ts';
import { makeTenant, tenant, trustFiles } from './trust.ts';

/** Least ratios to csv-parse that the project promises. */
const targets = { first: 0.15, unchanged: 3, changed: 2, csvUnchanged: 3 } as const;
const peakTargetMebibytes = 400;
const reloads = { unchanged: { sequence: 2, changed: 0 }, changed: { sequence: 3, changed: 0.01 } } as const;

/**
 * Rows/s of an ingest by phase: the first load, the same rows again under a new header and in another order, and again
 * with 1 % of them changed; of another tenant the CSV, and again in another order; each in a process of its own. The
 * baseline of the same run: csv-parse reading the CSV of the same people. `rows` are all rows of the file.
 */
export async function benchIngest(staff: number): Promise<object> {
  const { full, csv: table } = await trustFiles(staff);
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-bench-'));
  try {
    const data = join(scratch, 'data');
    await makeTenant(data);
    const baselines = [await baseline(table)];
    const runs: Record<string, IngestFigures> = { first: await ingest(data, full) };
    for (const [name, reload] of Object.entries<Reload>(reloads)) {
      baselines.push(await baseline(table));
      const file = writeReload(full, scratch, reload);
      runs[name] = await ingest(data, file);
      rmSync(file);
    }
    baselines.push(await baseline(table));
    const reports = join(scratch, 'reports');
    await makeTenant(reports);
    runs['csvFirst'] = await ingest(reports, table);
    runs['csvUnchanged'] = await ingest(reports, writeCsvReload(table, scratch));
    baselines.push(await baseline(table));
    const csv: Baseline = {
      rowsPerSecond: median(baselines.map((one) => one.rowsPerSecond)),
      rowsPerCpuSecond: median(baselines.map((one) => one.rowsPerCpuSecond)),
    };
    const bytes = statSync(full).size;
    const sizeOf = (name: string) => (name.startsWith('csv') ? statSync(table).size : bytes);
    const figures = Object.entries(runs).map(([name, run]) => [name, figure(run, sizeOf(name), csv)]);
    return {
      ...{ bench: 'ingest', staff, megabytes: round(bytes / 1e6), csvParse: rounded(csv) },
      ...Object.fromEntries(figures),
      targets: { ...targets, peakMebibytes: peakTargetMebibytes },
      machine: machine(),
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The most memory that the first load of a trust takes: the size is what matters here, 1,000,000 with patience. */
export async function benchMemory(staff: number): Promise<object> {
  const { full } = await trustFiles(staff);
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-bench-'));
  try {
    const data = join(scratch, 'data');
    await makeTenant(data);
    const { report, seconds, peakMebibytes } = await ingest(data, full);
    if (report.state !== 'applied') throw new Error(`the file is ${report.state}: ${report.reason}`);
    const megabytesPerSecond = round(statSync(full).size / 1e6 / seconds);
    return {
      ...{ bench: 'memory', staff, rows: report.rows, created: report.created, seconds: round(seconds) },
      ...{ megabytesPerSecond, peakMebibytes, target: peakTargetMebibytes, machine: machine() },
    };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

interface Baseline {
  readonly rowsPerSecond: number;
  readonly rowsPerCpuSecond: number;
}

function baseline(csv: string): Promise<Baseline> {
  return runForJson<Baseline>(builtFile('scripts/bench/csv-process'), [csv]);
}

function rounded({ rowsPerSecond, rowsPerCpuSecond }: Baseline): Baseline {
  return { rowsPerSecond: round(rowsPerSecond), rowsPerCpuSecond: round(rowsPerCpuSecond) };
}

function ingest(data: string, file: string): Promise<IngestFigures> {
  return runForJson<IngestFigures>(builtFile('scripts/bench/ingest-process'), [data, tenant, file], ingesting);
}

function figure(run: IngestFigures, bytes: number, csv: Baseline) {
  const { report, seconds, cpuSeconds, phases, peakMebibytes } = run;
  const { state, reason, rows, created, changed, removed, unchanged, quarantined } = report;
  if (state !== 'applied') throw new Error(`the file is ${state}: ${reason}`);
  const rates = Object.entries(phases).map(([phase, spent]) => [phase, spent === 0 ? null : round(rows / spent)]);
  return {
    ...{ rows, created, changed, removed, unchanged, quarantined, seconds: round(seconds) },
    ...{ rowsPerSecond: round(rows / seconds), ratio: round(rows / seconds / csv.rowsPerSecond) },
    ...{ cpuSeconds: round(cpuSeconds), cpuRatio: round(rows / cpuSeconds / csv.rowsPerCpuSecond) },
    ...{ megabytesPerSecond: round(bytes / 1e6 / seconds), peakMebibytes },
    rowsPerSecondByPhase: Object.fromEntries(rates) as Record<string, number | null>,
    secondsByPhase: phases,
  };
}

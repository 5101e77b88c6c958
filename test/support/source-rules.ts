import { adapters, folderOf, grantMakers, importTable, processEntry } from './import-table.ts';
import { lineAt, type SourceFile } from './source-file.ts';
import { functionsOf } from './source-functions.ts';
import { exportsOf, importsOf } from './source-imports.ts';

/** A rule looks at files and answers with one sentence per violation. */
export type Rule = (files: readonly SourceFile[]) => readonly string[];

const inServer = (path: string) => path.startsWith('server/');
const generatorFolder = 'server/cli/generator/';
const isTest = (path: string) => path.startsWith('test/');

export const importsFollowTheTable: Rule = (files) =>
  files
    .filter(({ path }) => inServer(path))
    .flatMap((file) => {
      const folder = folderOf(file.path);
      const allowed = importTable[folder];
      if (allowed === undefined) return [`${file.path}: the import table has no folder "${folder}"`];
      return importsOf(file)
        .filter(({ local }) => local)
        .map(({ from }) => ({ from, target: inServer(from) ? folderOf(from) : from }))
        .filter(({ from, target }) => target !== folder && !allowed.includes(target) && !fromEntry(file.path, from))
        .map(({ from }) => `${file.path}: ${folder} may not import ${from}`);
    });

/** A process entry belongs to its folder too: its starter names it by URL. */
function fromEntry(importer: string, from: string): boolean {
  return processEntry.test(from) && importer.split('/')[1] === from.split('/')[1];
}

export const adaptersAreNamedByRootsAlone: Rule = (files) =>
  files
    .filter(({ path }) => inServer(path))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ from }) => inServer(from) && adapters.includes(folderOf(from)))
        .filter(({ from }) => folderOf(file.path) !== folderOf(from) && folderOf(file.path) !== 'main')
        .map(({ from }) => `${file.path}: only main.ts, process entries and tests import ${from}`),
    );

export const grantsAreMadeInFourPlaces: Rule = (files) =>
  files
    .filter(({ path }) => inServer(path) && !grantMakers.test(path))
    .filter((file) => importsOf(file).some(({ from, names }) => from.endsWith('tenancy/grant.ts') && makes(names)))
    .map(({ path }) => `${path}: may not make a TenantGrant`);

function makes(names: readonly string[]): boolean {
  return names.includes('grantTenant') || names.includes('*');
}

export const noCycles: Rule = (files) => {
  const imports = new Map(files.map((file) => [file.path, importsOf(file).map(({ from }) => from)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' → '));
    if (start >= 0 || done.has(path)) return;
    for (const next of imports.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return cycles;
};

const fileLinesMax = 500;
const fileLinesMedianMax = 120;
const functionLinesMax = 70;
const columnsMax = 120;

const linesOf = ({ text }: SourceFile) => text.trimEnd().split('\n').length;

export const filesAreShort: Rule = (files) =>
  files.filter((file) => linesOf(file) > fileLinesMax).map((file) => `${file.path}: ${linesOf(file)} lines`);

export const filesAreShortMostly: Rule = (files) => {
  const lengths = files.map(linesOf).sort((a, b) => a - b);
  const median = lengths[Math.floor(lengths.length / 2)] ?? 0;
  return median > fileLinesMedianMax ? [`the median file has ${median} lines`] : [];
};

/** `describeStore`: a chapter of an exported suite, no function. */
const suite = /^describe[A-Z]/;

export const functionsAreShort: Rule = (files) =>
  files.flatMap((file) =>
    functionsOf(file)
      .filter(({ lines, name }) => lines > functionLinesMax && !(isTest(file.path) && suite.test(name)))
      .map(({ name, line, lines }) => `${file.path}:${line}: function ${name} has ${lines} lines`),
  );

/** A test may hold a long literal (a line of a file, a URL) in one piece; its own code counts. */
export const linesAreShort: Rule = (files) =>
  files.flatMap((file) =>
    (isTest(file.path) ? file.code.replace(/(?<=\S) {2,}/g, ' ') : file.text)
      .split('\n')
      .map((line, index) => ({ columns: [...line].length, line: index + 1 }))
      .filter(({ columns }) => columns > columnsMax)
      .map(({ columns, line }) => `${file.path}:${line}: ${columns} columns`),
  );

const bannedName = /(?:^|\/)(?:utils?|helpers?|commons?)(?:\/|\.|$)|\/index\.ts$/;
const kebab = /^(?:[a-z0-9]+(?:-[a-z0-9]+)*|\d+\.[a-z0-9.-]+)(?:\.test)?\.(?:ts|mjs|mts)$/;
const kebabFolder = /^[a-z0-9]+(?:-[a-z0-9]+)*$/;

export const namesSayWhatIsInside: Rule = (files) =>
  files.flatMap(({ path }) => {
    const folders = path.split('/');
    const name = folders.pop() ?? '';
    const types = name === 'types.ts' && !path.startsWith('server/fhir/');
    return [
      ...(bannedName.test(path) || types ? [`${path}: a name that says nothing`] : []),
      ...(kebab.test(name) && folders.every((folder) => kebabFolder.test(folder)) ? [] : [`${path}: not kebab-case`]),
    ];
  });

/** Imports by tests do not count: what only a test uses is not used. */
export const everyFileIsImported: Rule = (files) => {
  const imported = new Set(
    files.filter(({ path }) => !isTest(path)).flatMap((file) => importsOf(file).map(({ from }) => from)),
  );
  return files
    .filter(({ path }) => inServer(path) && path !== 'server/main.ts' && !processEntry.test(path))
    .filter(({ path }) => !imported.has(path))
    .map(({ path }) => `${path}: nobody imports it`);
};

/**
 * What another file imports is used; of tests, only those of `test/` itself count. A type may also be exported for what
 * names it in its own file: it is part of a signature.
 */
export const everyExportIsUsed: Rule = (files) => {
  const used = new Set<string>();
  for (const file of files) {
    for (const { from, names } of importsOf(file)) {
      if (inServer(from) && isTest(file.path)) continue;
      for (const name of names) used.add(`${from} ${name}`);
    }
  }
  return files.flatMap((file) =>
    exportsOf(file)
      .filter(({ name }) => !used.has(`${file.path} ${name}`) && !used.has(`${file.path} *`))
      .filter(({ name, type }) => !type || file.code.split(new RegExp(`\\b${name}\\b`)).length < 3)
      .map(({ name }) => `${file.path}: export ${name} is used by nobody else`),
  );
};

/** The generator of synthetic files is a second opinion on the format, so it shares no code with the readers. */
export const generatorStandsAlone: Rule = (files) =>
  files
    .filter(({ path }) => path.startsWith(generatorFolder))
    .flatMap((file) =>
      importsOf(file)
        .filter(({ from }) => inServer(from) && !from.startsWith(generatorFolder) && !from.startsWith('server/core/'))
        .map(({ from }) => `${file.path}: the generator may not import ${from}`),
    );

const banned: readonly (readonly [RegExp, string])[] = [
  [/^export\s+default\b/gm, 'a default export'],
  [/^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w/gm, 'an enum'],
  [/^\s*(?:export\s+)?(?:declare\s+)?(?:namespace|module)\s+[\w'"]/gm, 'a namespace'],
  [/\bconsole\s*\./g, 'console'],
  [/[\w)\]]!(?=[.;,)\][])/g, 'a non-null assertion'],
];

export const noBannedSyntax: Rule = (files) =>
  files.flatMap((file) =>
    banned.flatMap(([pattern, what]) =>
      [...file.code.matchAll(pattern)].map((match) => `${file.path}:${lineAt(file.code, match.index)}: ${what}`),
    ),
  );

/** What was not run, and why, is printed at the end of a run: `needs` tells the reporter. */
export const skipsSayWhatTheyNeed: Rule = (files) =>
  files
    .filter(({ path }) => isTest(path) && path !== 'test/support/needs.ts')
    .flatMap((file) =>
      [...file.code.matchAll(/\.skip\(/g)].map((match) => `${file.path}:${lineAt(file.code, match.index)}: no reason`),
    );

/** Written in pieces, so that this file does not hold them. */
const unfinished = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b|^[<>]{7} `);
const machinePath = new RegExp(`(?<![\\w.])/(?:${['wo' + 'rk', 'ho' + 'me', 'ro' + 'ot', 'Us' + 'ers'].join('|')})/`);
const elsewhere = new RegExp(`(?<![\\w-])${'shar' + 'ed'}/`);

export const noForbiddenWords: Rule = (files) =>
  files.flatMap((file) =>
    file.text.split('\n').flatMap((line, index) => {
      const where = `${file.path}:${index + 1}`;
      return [
        ...(unfinished.test(line) ? [`${where}: unfinished`] : []),
        ...(machinePath.test(line) ? [`${where}: a path of one machine`] : []),
        ...(elsewhere.test(line) && file.path !== '.ci/run' ? [`${where}: a folder outside the repository`] : []),
      ];
    }),
  );

export const topEntriesAllowed = [
  ...['.ci', '.gitignore', '.npmrc', 'CHANGELOG.md', 'LICENSE', 'README.md', 'biome.json'],
  ...['package-lock.json', 'package.json', 'tsconfig.build.json', 'tsconfig.json'],
  ...['conformance', 'mappings', 'profiles', 'scripts', 'server', 'test'],
] as const;

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import { type Ran, runLines } from '../support/house-command.ts';
import { onEmbeddedStore } from '../support/store-under-test.ts';

const slowMs = 120_000;

/** `?` at the end: may be left out. `[]`: a list, of things of that shape. */
type Shape = string | { readonly [name: string]: Shape };

const counts = {
  ...{ rows: 'number', created: 'number', changed: 'number', unchanged: 'number' },
  ...{ removed: 'number', quarantined: 'number', seconds: 'number' },
};
const file = { name: 'string', id: 'string', tenant: 'string', state: 'string', 'reason?': 'string', ...counts };
const tenant = {
  ...{ id: 'string', name: 'string', 'ods[]': 'string', 'vpds[]': 'string' },
  ...{ isolation: 'string', status: 'string', 'contracts[]': 'string' },
};
const client = { client_id: 'string', 'client_secret?': 'string', tenant: 'string', scope: 'string' };
const exception = {
  ...{ id: 'string', file: 'string', line: 'number', record: 'string', rule: 'string', severity: 'string' },
  ...{ field: 'string|null', message: 'string', owner: 'string', state: 'string', since: 'string' },
};
const lineage = {
  'records[]': { type: 'string', id: 'string', file: 'string', line: 'number' },
  'versions[]': {},
  'notifications[]': {},
  'reads[]': {},
};

/** Shapes that scripts rely on (the table of the command line's JSON); of other commands: one JSON document. */
const shapes: Readonly<Record<string, Shape>> = {
  ingest: { 'files[]': file },
  files: { 'files[]': { ...file, receivedAt: 'string', sha256: 'string' } },
  'client add': client,
  'client rotate': { client_id: 'string', client_secret: 'string' },
  token: { access_token: 'string', token_type: 'string', expires_in: 'number', scope: 'string' },
  'tenant add': tenant,
  'tenant list': { 'tenants[]': tenant },
  'tenant show': tenant,
  'quarantine list': { 'exceptions[]': exception },
  lineage,
  'subscription list': { 'subscriptions[]': {} },
  'subscription dead-letters': { 'dead_letters[]': {} },
  'audit verify': { ok: 'boolean', entries: 'number', checkpoints: 'number', 'first_bad?': {}, 'why?': 'string' },
  generate: { manifest: 'string' },
};

/** The fifteen topics of events. */
const topics = [
  ...['starter-created', 'starter-amended', 'starter-withdrawn', 'starter-effective'],
  ...['leaver-confirmed', 'leaver-amended', 'leaver-withdrawn', 'leaver-effective'],
  ...['position-updated', 'assignment-changed', 'person-changed', 'registration-changed', 'organization-changed'],
  ...['file-ingested', 'exception-raised'],
];

/** Others' tests run what runs until it is stopped, and what the embedded store does not have. */
const elsewhere = [
  ...['serve', 'demo', 'tenant move', 'subscription status', 'subscription replay', 'subscription test'],
  ...['subscription pause', 'subscription resume', 'registration-token revoke', 'client approve'],
];

describe('The command line', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'esr-fhir-commands-'));
  const data = join(scratch, 'data');
  const made = join(scratch, 'files');
  const tried = new Set<string>();
  const seen = new Map<string, { readonly name: string; readonly document: unknown }>();
  after(() => rmSync(scratch, { recursive: true, force: true }));

  /** Runs `name args` each with --json; exit status and shape must be as they should. */
  const run = async (...lines: readonly (readonly [name: string, args: string, status?: 0 | 1])[]) => {
    const argsOf = (name: string, args: string) => [...name.split(' '), ...args.split(' ').filter(Boolean)];
    const ran = await runLines(
      data,
      lines.map(([name, args]) => [...argsOf(name, args), '--data', data, '--json']),
    );
    return lines.map(([name, args, status = 0], index) => {
      const { stdout, ...rest } = present(ran[index], name);
      expect(rest.status, `${name} ${args}: ${rest.stderr}`).to.equal(status);
      tried.add(name);
      const document: unknown = JSON.parse(stdout);
      check(document, shapes[name] ?? {}, name);
      seen.set(`${name} ${args}`.trim(), { name, document });
      return document as Readonly<Record<string, never>>;
    });
  };

  it('makes a data folder, tenants, clients and files, and says so in JSON', async () => {
    const trust = join(scratch, 'trust.json');
    writeFileSync(trust, JSON.stringify({ id: 'rzz', name: 'Third Trust', ods: ['RZZ'], vpds: ['638'] }));
    const [, , , , tenants, , , , , , added] = await run(
      ['init', ''],
      ['init', ''],
      ['tenant add', 'rxx --name Example --ods RXX --vpd 0277'],
      ['tenant add', 'ryy --name Other --ods RYY,RYZ --vpd 431'],
      ['tenant list', ''],
      ['tenant set', 'rxx name Example-Trust'],
      ['tenant show', 'rxx'],
      ['tenant suspend', 'ryy'],
      ['tenant resume', 'ryy'],
      ['tenant apply', trust],
      ['client add', '--tenant rxx --name one --scope system/*.rs'],
      ['client list', '--tenant rxx'],
      ['subscription list', '--tenant rxx'],
      ['subscription dead-letters', '--tenant rxx'],
      ['tenant remove', 'rzz'],
      [
        'generate',
        `--staff 30 --vpd 277 --ods RXX --seed 5 --days 4 --broken 0.1 --files full,changes,csv --out ${made}`,
      ],
    );
    expect(tenants).to.have.nested.property('tenants[0].vpds[0]', '277');
    expect(added).to.include.keys('client_secret');
  }).timeout(slowMs);

  it('lists in the manifest what must come of each file', () => {
    const manifest = manifestOf(made);
    const expected = { created: 'number', changed: 'number', removed: 'number', quarantined: 'number' };
    const events = Object.fromEntries(topics.map((name) => [name, 'number']));
    const counted = { name: 'string', kind: 'string', rows: 'number', people: 'number', assignments: 'number' };
    const each = { ...counted, active_assignments: 'number', expect: { ...expected, events } };
    check(manifest, { vpd: 'string', ods: 'string', 'files[]': each }, 'manifest');
    expect(manifest.files.map(({ kind }) => kind)).to.deep.equal(['full', ...Array(4).fill('changes'), 'csv']);
  });

  it('ingests, and tells what became of files, rows, records and readers', async () => {
    const { client_id: id, client_secret: secret } = document('client add') as Record<string, string>;
    const [full = '', one = '', two = '', three = ''] = manifestOf(made).files.map(({ name }) => join(made, name));
    const [, , , gap, again, files, list] = await run(
      ['token', `--client ${id} --secret ${secret} --tenant rxx --scope system/Practitioner.rs`],
      ['ingest', `--tenant rxx ${full}`],
      ['ingest', one],
      ['ingest', `--tenant rxx ${three}`, 1],
      ['ingest', `--tenant rxx ${full}`],
      ['files', '--tenant rxx'],
      ['quarantine list', '--tenant rxx --severity error'],
    );
    expect(gap).to.have.nested.property('files[0].state', 'held');
    expect(gap).to.have.nested.property('files[0].reason');
    expect(again).to.have.nested.property('files[0].reason').that.includes('applied already');
    const [held, , first] = (files as unknown as { files: { id: string }[] }).files;
    const [bad, worse] = (list as unknown as { exceptions: { id: string }[] }).exceptions;
    expect(present(held, 'held file')).to.include({ state: 'held' });
    const [, , , , , found, person] = await run(
      ['files show', `${held?.id} --tenant rxx`],
      ['files preview', `${held?.id} --tenant rxx`],
      ['files release', `${held?.id} --tenant rxx`],
      ['ingest', `--tenant rxx ${two}`, 1],
      ['quarantine show', `${bad?.id} --tenant rxx`],
      ['lineage', `--tenant rxx --file ${first?.id}`],
      ['lineage', '--tenant rxx --person 10000001'],
      ['quarantine discard', `${bad?.id} --tenant rxx --reason test`],
      ['reconcile', '--tenant rxx'],
      ['audit verify', '--tenant rxx'],
      ['audit key', ''],
      ['csv-profile', join(made, present(manifestOf(made).files.at(-1), 'the CSV').name)],
      ['work', ''],
      ['client rotate', `${id} --tenant rxx`],
      ['client disable', `${id} --tenant rxx`],
    );
    for (const trace of [found, person]) {
      expect(trace?.['records'], 'records of a trace').to.not.be.empty;
      expect(trace?.['versions'], 'versions of a trace').to.not.be.empty;
    }
    const [after] = await run(['files', '--tenant rxx']);
    const [late] = (after as unknown as { files: { id: string; state: string }[] }).files;
    expect(late?.state).to.equal('held');
    await run(['files discard', `${late?.id} --tenant rxx --reason test`]);
    const { status } = present(
      (await runLines(data, [['quarantine', 'release', `${worse?.id}`, '--tenant', 'rxx', '--data', data]]))[0],
      'release',
    );
    expect(status).to.be.oneOf([0, 1]);
    tried.add('quarantine release');
  }).timeout(slowMs);

  it('looks after people, clients, what they see, and keys', async () => {
    const { client_id: id } = document('client add') as Record<string, string>;
    const set = join(scratch, 'rota.json');
    writeFileSync(set, JSON.stringify({ name: 'rota', resources: { '*': 'rs' }, mask: ['birth-date'] }));
    await run(
      ['user add', 'ann --role data-steward --tenant rxx'],
      ['user role', 'ann --role auditor --tenant rxx'],
      ['user password', 'ann'],
      ['user disable', 'ann'],
      ['user enable', 'ann'],
      ['user list', ''],
      ['permission-set put', `${set} --tenant rxx`],
      ['permission-set list', '--tenant rxx'],
      ['permission-set show', 'rota --tenant rxx'],
      ['permission-set give', `rota ${id} --tenant rxx`],
      ['permission-set give', `full ${id} --tenant rxx`],
      ['client set', `${id} --tenant rxx --permission-set default --rate 600 --expires 365d`],
      ['client set', `${id} --tenant rxx --permission-set full --no-expires`],
      ['permission-set remove', 'rota --tenant rxx'],
      ['tenant sensitive', 'add --tenant rxx --person 10000001'],
      ['tenant sensitive', 'list --tenant rxx'],
      ['tenant sensitive', 'remove --tenant rxx --person 10000001'],
      ['client enable', `${id} --tenant rxx`],
      ['client end-tokens', `${id} --tenant rxx`],
      ['registration-token list', '--tenant rxx'],
      ['keys rotate', ''],
      ['keys list', ''],
    );
  }).timeout(slowMs);

  it('has been tried with every command that there is', async () => {
    const [help] = await runLines(data, [['--help']]);
    const commands = commandsIn(present(help, 'help'));
    const helps = await runLines(
      data,
      commands.map((name) => [name, '--help']),
    );
    const leaves = commands.flatMap((name, index) => {
      const below = commandsIn(present(helps[index], name)).map((one) => `${name} ${one}`);
      // `files` and its like do something themselves, and have commands of their own.
      return below.length > 0 && !tried.has(name) ? below : [name, ...below];
    });
    expect(leaves.filter((name) => !tried.has(name) && !elsewhere.includes(name))).to.deep.equal([]);
    expect(helps.map(({ status }) => status)).to.deep.equal(commands.map(() => 0));
  }).timeout(slowMs);

  const document = (name: string) =>
    present(
      [...seen.values()].find((one) => one.name === name),
      name,
    ).document;

  it('ends with 2 and a sentence on bad usage', async () => {
    const lines = [
      'frobnicate',
      'ingest --tenant rxx',
      'ingest --frobnicate x',
      'tenant add rww --name W',
      `tenant add rww --name W --ods RWW --vpd 500 --isolation ${onEmbeddedStore ? 'shared' : 'none'}`,
      `tenant move rxx --isolation ${onEmbeddedStore ? 'shared' : 'none'}`,
      'lineage --tenant rxx',
      'lineage --tenant rxx --file a --person b',
      'lineage --tenant rxx --resource Practitioner',
      'quarantine list --tenant rxx --state lost',
      'quarantine list --tenant rxx --severity bad',
      'client add --tenant rxx --name n --scope system/*.rs --secret --jwks x',
      'generate --staff many --vpd 277 --ods RXX --out x',
      'serve --port x',
      'audit verify',
      'token --client a',
    ].map((line) => line.split(' '));
    failsWith(
      2,
      lines,
      await runLines(
        data,
        lines.map((args) => [...args, '--data', data]),
      ),
    );
  }).timeout(slowMs);

  it('ends with 1 and a sentence when it cannot do what it was asked', async () => {
    const there = ['--data', data];
    const notGo2 = join(scratch, 'package.DAT');
    const wrongTrust = join(scratch, 'wrong.json');
    writeFileSync(notGo2, '{"name":"nobody"}\n');
    writeFileSync(wrongTrust, '{"id":"UPPER"}');
    const lines = [
      ['tenant', 'show', 'nobody', ...there],
      ['tenant', 'add', 'rxx', '--name', 'N', '--ods', 'RXX', '--vpd', '500', ...there],
      ['tenant', 'add', 'new', '--name', 'N', '--ods', 'RNN', '--vpd', '277', ...there],
      ['tenant', 'add', 'Bad Id', '--name', 'N', '--ods', 'RNN', '--vpd', '501', ...there],
      ['tenant', 'set', 'rxx', 'frobnicate', '1', ...there],
      ['tenant', 'set', 'rxx', 'publishBirthDate', 'true', ...there],
      ['tenant', 'apply', wrongTrust, ...there],
      ['tenant', 'apply', join(scratch, 'absent.json'), ...there],
      ['ingest', '--tenant', 'rxx', join(scratch, 'absent.DAT'), ...there],
      ['ingest', '--tenant', 'nobody', notGo2, ...there],
      ['files', '--tenant', 'nobody', ...there],
      ['quarantine', 'list', '--tenant', 'nobody', ...there],
      ['lineage', '--tenant', 'rxx', '--person', 'nobody', ...there],
      ['client', 'add', '--tenant', 'rxx', '--name', 'n', '--scope', 'patient/*.rs', ...there],
      ['client', 'disable', 'nobody', '--tenant', 'rxx', ...there],
      ['client', 'approve', 'nobody', '--tenant', 'rxx', ...there],
      ['user', 'password', 'nobody', ...there],
      ...['pause', 'resume', 'test'].map((act) => ['subscription', act, 'nobody', '--tenant', 'rxx', ...there]),
      ['token', '--client', 'nobody', '--secret', 'x', '--tenant', 'rxx', ...there],
      ['generate', '--staff', '0', '--vpd', '277', '--ods', 'RXX', '--out', join(scratch, 'none')],
      ['tenant', 'list', '--data', join(scratch, 'no-such-folder')],
    ];
    failsWith(1, lines, await runLines(data, lines));
    if (onEmbeddedStore) {
      const wrongKey = { data, settings: { ESR_FHIR_MASTER_KEY: 'ab'.repeat(32) } };
      const locked = [['tenant', 'list', ...there]];
      failsWith(1, locked, await runLines(wrongKey, locked));
    }
    const [refused] = await runLines(data, [['ingest', '--tenant', 'rxx', notGo2, ...there, '--json']]);
    expect(refused?.status).to.equal(1);
    expect(JSON.parse(refused?.stdout ?? '')).to.have.nested.property('files[0].state', 'rejected');
  }).timeout(slowMs);
});

/** Names after `Commands:` in a help text. */
function commandsIn({ stdout }: Ran): readonly string[] {
  const below = stdout.split(/^Commands:$/m)[1] ?? '';
  return [...below.matchAll(/^ {2}([a-z][a-z-]*)/gm)].flatMap(([, name = '']) => (name === 'help' ? [] : [name]));
}

/** Nothing on standard output, one line on standard error, no stack. */
function failsWith(status: 1 | 2, lines: readonly (readonly string[])[], ran: readonly Ran[]): void {
  for (const [index, line] of lines.entries()) {
    const result = present(ran[index], 'result');
    expect(result, line.join(' ')).to.include({ status, stdout: '' });
    expect(result.stderr, line.join(' ')).to.match(/^(esr-fhir|error): [^\n]{8,}\n$/);
    expect(result.stderr, line.join(' ')).not.to.match(/\bat .+:\d+:\d+/);
  }
}

interface ManifestFiles {
  readonly files: readonly { readonly name: string; readonly kind: string }[];
}

function manifestOf(folder: string): ManifestFiles {
  return JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as ManifestFiles;
}

function check(value: unknown, shape: Shape, where: string): void {
  if (typeof shape === 'string') {
    const type = value === null ? 'null' : typeof value;
    expect(shape.split('|'), `${where} is ${type}`).to.include(type);
    return;
  }
  expect(value, where).to.be.an('object');
  const members = value as Readonly<Record<string, unknown>>;
  for (const [marked, inner] of Object.entries(shape)) {
    const name = marked.replace(/[?[\]]+$/, '');
    if (marked.endsWith('?') && members[name] === undefined) continue;
    expect(members, where).to.have.property(name);
    const items = marked.endsWith('[]') ? (members[name] as readonly unknown[]) : [members[name]];
    if (marked.endsWith('[]')) expect(items, `${where}.${name}`).to.be.an('array');
    for (const item of items) check(item, inner, `${where}.${name}`);
  }
}

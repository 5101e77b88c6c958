import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { exportJWK, generateKeyPair } from 'jose';
import { parse } from 'yaml';
import { present } from '../../server/core/assert.ts';
import { runLines } from '../support/house-command.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const rota = { name: 'rota', scope: 'system/PractitionerRole.rs' };
const trust = { id: 'rxx', name: 'Example', ods: ['RXX'], vpds: ['277'], settings: { population: 'complete' } };

describe('A tenant document', () => {
  const folder = temporaryFolder('tenant-documents');
  const data = join(folder.path, 'data');
  after(() => folder.remove());

  /** Applies documents one after the other, `show` after the last; what each command printed. */
  const apply = async (...documents: readonly object[]) => {
    const files = documents.map((document, at) => {
      const file = join(folder.path, `${at}.json`);
      writeFileSync(file, JSON.stringify(document));
      return file;
    });
    const last = ['--data', data, '--json'];
    const lines = [...files.map((file) => ['tenant', 'apply', file, ...last]), ['tenant', 'show', 'rxx', ...last]];
    const ran = await runLines(data, [['init', ...last], ...lines]);
    return ran
      .slice(1)
      .map(({ status, stdout, stderr }) => ({ status, stderr, says: status === 0 && JSON.parse(stdout) }));
  };

  it('registers the clients that it names, once, and brings known ones to what it says', async () => {
    const { publicKey } = await generateKeyPair('ES384');
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k1' }] };
    const vendor = { name: 'vendor', scope: 'system/*.rs', jwks };
    const [made, again, wider, shown] = await apply(
      { ...trust, clients: [rota, vendor] },
      { ...trust, clients: [rota, vendor] },
      {
        ...trust,
        clients: [{ ...rota, scope: 'system/PractitionerRole.rs system/Practitioner.rs', status: 'disabled' }],
      },
    );
    expect(made?.says.clients.map((one: object) => Object.keys(one))).to.deep.equal([
      ['client_id', 'name', 'client_secret'],
      ['client_id', 'name'],
    ]);
    expect(again?.says).not.to.have.property('clients');
    expect(wider?.says.clients).to.deep.equal([{ client_id: made?.says.clients[0].client_id, name: 'rota' }]);
    const all = shown?.says.clients as readonly { name: string; scope: string; status: string }[];
    expect(all.map(({ name, status }) => `${name} ${status}`)).to.have.members(['rota disabled', 'vendor active']);
    expect(JSON.stringify(shown?.says)).not.to.match(/secret"/i);
    const [same] = await apply(present(shown, 'the document').says);
    expect(same?.says, 'what is shown is what can be applied').not.to.have.property('clients');
  }).timeout(60_000);

  it('says sources, rules and owners as the README shows', async () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const [, yaml = ''] = present(/```yaml\n([\s\S]*?)```/.exec(readme), 'the example');
    const said = parse(yaml) as object;
    expect(Object.keys(said)).to.deep.equal(['sources', 'rules', 'owners']);
    const [made, shown] = await apply({ ...trust, ...said });
    expect(made?.stderr).to.equal('');
    expect(shown?.says).to.deep.include(said);
    const [forPeople] = await runLines(data, [['tenant', 'show', 'rxx', '--data', data]]);
    expect(forPeople?.stdout).to.match(/^source go2 +ways drop folder; population complete; absentFullFilesMin 2$/m);
    expect(forPeople?.stdout).to.match(/^rule own-work-email +error of person\.email: not a work address$/m);
    expect(forPeople?.stdout).to.match(/^owner estates +record location$/m);
  }).timeout(60_000);

  it('is refused where it says something that cannot be, in one sentence that names it', async () => {
    const refused = await apply(
      { ...trust, colour: 'red' },
      { ...trust, clients: [{ name: 'no scope' }] },
      { ...trust, clients: [{ ...rota, scope: 'everything' }] },
      { ...trust, clients: [{ ...rota, contracts: ['v9'] }] },
      { ...trust, clients: [{ ...rota, authentication: 'private_key_jwt' }] },
      { ...trust, clients: [rota, rota] },
      {
        ...trust,
        rules: [{ id: 'r', record: 'person', field: 'salary', severity: 'error', required: true, message: 'm' }],
      },
      [trust],
    );
    const why = refused
      .slice(0, -1)
      .map(({ status, stderr }) => [status, stderr.match(/^esr-fhir: [^\n]+\n$/) !== null]);
    expect(why).to.deep.equal(Array(8).fill([1, true]));
    expect(refused[0]?.stderr).to.contain('"colour"');
  }).timeout(60_000);
});

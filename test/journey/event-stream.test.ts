import { request } from 'node:http';
import { expect } from 'chai';
import { present } from '../../server/core/assert.ts';
import { baseline, fileOfStep } from '../support/event-vector.ts';
import { until } from '../support/house-command.ts';
import { eventsOf, type KeptEvent } from '../support/house-events.ts';
import { type TestHouse, testHouse, trustX, trustY } from '../support/house-open.ts';
import { serveTestHouse, type TestServer } from '../support/house-server.ts';
import { fileOf, type VectorFile } from '../support/journey-vector.ts';
import { starterRows } from '../support/starter-rows.ts';

interface Streamed {
  readonly id: string;
  readonly event: KeptEvent & { readonly cursor: string };
}

/** A reader of Server-Sent Events. */
interface StreamReader {
  readonly status: number;
  readonly type: string;
  readonly events: Streamed[];
  readonly over: () => boolean;
  close(): void;
}

function readStream(url: string, token: string, headers: Readonly<Record<string, string>> = {}): Promise<StreamReader> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { authorization: `Bearer ${token}`, ...headers } }, (response) => {
      const events: Streamed[] = [];
      let text = '';
      let over = false;
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const [, id, data] = /^id: (\S+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
          if (id !== undefined && data !== undefined) events.push({ id, event: JSON.parse(data) });
          text = text.slice(end + 2);
        }
      });
      const ended = () => {
        over = true;
      };
      response.once('close', ended).once('error', ended);
      const { statusCode: status = 0, headers: received } = response;
      const type = received['content-type'] ?? '';
      resolve({ status, type, events, over: () => over, close: () => sent.destroy() });
    });
    sent.once('error', reject).end();
  });
}

describe('The event stream of a tenant', () => {
  const scope = 'system/PractitionerRole.rs system/Practitioner.rs system/Organization.rs system/Basic.rs';
  let house: TestHouse;
  let server: TestServer;
  let token: string;
  let sequence = 1;

  const bring = async (file: VectorFile, tenant = 'rxx') => {
    const { name, text } = fileOf(file);
    const [report] = await house.ingest(name, text, tenant);
    expect(report?.state, report?.reason ?? '').to.equal('applied');
  };
  const changes = (rows: Parameters<typeof fileOfStep>[1]) => {
    sequence += 1;
    const day = (n: number) => `202604${String(n).padStart(2, '0')}`;
    const last = { sequence: sequence - 1, to: `${day(sequence - 1)} 000000` };
    return bring(fileOfStep(`2026-04-${String(sequence).padStart(2, '0')}`, rows, last));
  };
  const batch = async (query = '', as = token, tenant = 'rxx') => {
    const answer = await server.ask(`/t/${tenant}/events/v1${query}`, { token: as });
    const events = answer.status === 200 ? (JSON.parse(answer.body) as Streamed['event'][]) : [];
    const [, next = ''] = /^<[^>]*(\?[^>]*)>; rel="next"$/.exec(answer.headers['link'] ?? '') ?? [];
    return { ...answer, events, next };
  };

  before(async () => {
    house = await testHouse([trustX, trustY]);
    await bring(baseline.file);
    await bring({ ...baseline.file, vpd: '431' }, 'ryy');
    await changes(starterRows(2));
    await changes(starterRows(3));
    server = await serveTestHouse(house);
    token = await server.token(await server.client('rxx', scope));
  });
  after(async () => {
    await server.stop();
    await house.close();
  });

  it('gives CloudEvents in commit order, in pages that join without a gap', async () => {
    const whole = await batch('?count=1000');
    expect(whole.headers['content-type']).to.match(/^application\/cloudevents-batch\+json/);
    const kept = (await eventsOf(house.store('rxx'))).filter(({ type }) => type !== 'file-ingested');
    expect(kept.length).to.be.at.least(2);
    expect(whole.events.map(({ id }) => id)).to.deep.equal(kept.map(({ id }) => id));
    expect(whole.events.every(({ specversion, data }) => specversion === '1.0' && data['tenant'] === 'rxx')).to.equal(
      true,
    );
    const paged: string[] = [];
    for (let query = '?count=1'; ; ) {
      const page = await batch(query);
      if (page.events.length === 0) break;
      paged.push(...page.events.map(({ id }) => id));
      query = page.next;
    }
    expect(paged).to.deep.equal(kept.map(({ id }) => id));
    const second = present(whole.events[1], 'a second event');
    const after = await batch(`?after=${present(whole.events[0], 'a first event').cursor}`);
    expect(after.events[0]?.id).to.equal(second.id);
  });

  it('tells what was asked for by topic, and nothing that the scopes do not cover', async () => {
    const starters = await batch('?topic=starter-created');
    expect(new Set(starters.events.map(({ type }) => type))).to.deep.equal(new Set(['starter-created']));
    expect((await batch('?topic=file-ingested')).status).to.equal(403);
    expect((await batch('?topic=nothing')).status).to.equal(400);
    expect((await batch('?after=nonsense')).status).to.equal(400);
    expect((await batch('?upto=1')).status).to.equal(400);
    const people = await server.token(await server.client('rxx', 'system/Practitioner.rs'));
    expect((await batch('', people)).events.map(({ type }) => type)).to.not.include('starter-created');
    const none = await server.token(await server.client('rxx', 'system/Location.rs'));
    expect((await batch('', none)).status).to.equal(403);
    const files = await server.token(await server.client('rxx', 'system/Provenance.r'));
    expect(new Set((await batch('', files)).events.map(({ type }) => type))).to.deep.equal(new Set(['file-ingested']));
  });

  it('is each tenant’s own', async () => {
    expect((await batch('', token, 'ryy')).status).to.equal(401);
    const theirs = await server.token(await server.client('ryy', scope));
    expect((await batch('', theirs)).status).to.equal(401);
    for (const { data } of (await batch('', theirs, 'ryy')).events) expect(data['tenant']).to.equal('ryy');
  });

  it('waits for what happens, where it is asked to', async () => {
    const { next } = await batch('?count=1000');
    const waiting = batch(`${next}&wait=20`);
    await changes(starterRows(4));
    const { events, headers } = await waiting;
    expect(events.map(({ type }) => type)).to.include('starter-created');
    expect(headers['link']).to.not.include(next);
  });

  it('streams what happens, and goes on after the last id that its reader had', async () => {
    const url = `${server.url}/t/rxx/events/v1/stream`;
    const first = await readStream(url, token);
    expect([first.status, first.type]).to.deep.equal([200, 'text/event-stream; charset=utf-8']);
    await changes(starterRows(5));
    await until('told', 5, async () => (first.events.length > 0 ? true : undefined));
    first.close();
    await changes(starterRows(6));
    const last = present(first.events.at(-1), 'an event').id;
    const second = await readStream(url, token, { 'last-event-id': last });
    await changes(starterRows(7));
    const starters = ({ events }: StreamReader) => events.filter(({ event }) => event.type === 'starter-created');
    await until('told of both', 5, async () => (starters(second).length === 2 ? true : undefined));
    const all = await batch('?count=1000');
    const expected = all.events.map(({ cursor }) => cursor);
    const told = [...first.events, ...second.events].map(({ id }) => id);
    expect(told).to.deep.equal(expected.slice(-told.length));
    second.close();
  });

  it('records what was told, with whom, as disclosed', async () => {
    // Of the first event that there was; nothing can be read off a cursor, and nobody else's is any good.
    const { cursor } = present((await batch('?count=1')).events[0], 'an event');
    expect(Buffer.from(cursor, 'base64url').toString('latin1')).to.not.match(/\d{4}/);
    const others = await server.token(await server.client('rxx', scope));
    expect((await batch(`?after=${cursor}`, others)).status).to.equal(400);
    const reader = await readStream(`${server.url}/t/rxx/events/v1/stream?after=${cursor}`, token);
    await until('told', 5, async () => (reader.events.length > 0 ? true : undefined));
    reader.close();
    const focus = present(reader.events[0], 'an event').event.data['focus'] as { reference: string };
    const rows = await house.store('rxx').audit.disclosing(focus.reference);
    expect(rows.some(({ bytes }) => bytes.includes('"i":"event-stream"'))).to.equal(true);
    expect(rows.some(({ bytes }) => bytes.includes('"i":"event-batch"'))).to.equal(true);
  });

  it('ends when its client is disabled', async () => {
    const client = await server.client('rxx', scope);
    const reader = await readStream(`${server.url}/t/rxx/events/v1/stream`, await server.token(client));
    const { clients } = house.house;
    await clients.put({ ...(await clients.get(client.id, 'rxx')), status: 'disabled' });
    await until('over', 5, async () => (reader.over() ? true : undefined));
  });
});

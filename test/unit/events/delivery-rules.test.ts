import { expect } from 'chai';
import { breaker } from '../../../server/events/breaker.ts';
import { retryAfterSeconds, retrySchedule, waitAfter } from '../../../server/events/retry.ts';
import { secretText, webhookHeaders } from '../../../server/events/signature.ts';

describe('events: signature, retries and circuits', () => {
  it('signs as the test vector of Standard Webhooks says, once for each secret', () => {
    const secret = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const body = Buffer.from('{"test": 2432232314}');
    const headers = webhookHeaders('msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330, body, [secret]);
    expect(headers).to.deep.equal({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
    expect(webhookHeaders('a', 1, body, [secret, secret])['webhook-signature'].split(' ')).to.have.length(2);
    expect(secretText(secret)).to.equal('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  });

  it('waits longer from failure to failure, within a fifth, and then no more', () => {
    const { delivery } = retrySchedule;
    const wait = (failures: number, status: number | null, retryAfter?: number, random = 0.5) =>
      waitAfter({ failures, status, retryAfter }, delivery, retrySchedule, random);
    expect(delivery.map((_, index) => wait(index + 1, 500))).to.deep.equal([...delivery]);
    expect(wait(delivery.length + 1, 500)).to.equal(undefined);
    expect([wait(1, 500, undefined, 0), wait(1, 500, undefined, 1)]).to.deep.equal([4, 6]);
    expect(wait(4, 404)).to.equal(600);
    expect(wait(5, 404), 'a refusal is believed').to.equal(undefined);
    expect(wait(5, 429)).to.equal(1800);
    expect([wait(1, 429, 90), wait(1, 503, 90), wait(1, 500, 90)]).to.deep.equal([90, 90, 5]);
    expect(wait(1, 503, 1e6), 'but not for ever').to.equal(3600);
  });

  it('reads Retry-After as seconds and as a date', () => {
    const now = new Date('2026-11-23T12:00:00Z');
    expect(retryAfterSeconds('120', now)).to.equal(120);
    expect(retryAfterSeconds('Mon, 23 Nov 2026 12:01:00 GMT', now)).to.equal(60);
    expect(retryAfterSeconds('Mon, 23 Nov 2026 11:00:00 GMT', now)).to.equal(0);
    for (const wrong of [undefined, 'soon', '-1']) expect(retryAfterSeconds(wrong, now)).to.equal(undefined);
  });

  it('opens a circuit after some failures of a host, lets one request try, and closes it when that succeeds', () => {
    const circuits = breaker(retrySchedule);
    for (let n = 0; n < 4; n += 1) circuits.noted('h', 'connect', 0);
    expect(circuits.waitUntil('h', 0)).to.equal(undefined);
    circuits.noted('h', 'timeout', 0);
    expect(circuits.waitUntil('h', 1000)).to.equal(30_000);
    expect(circuits.waitUntil('other', 1000)).to.equal(undefined);
    expect(circuits.waitUntil('h', 30_000), 'one tries').to.equal(undefined);
    expect(circuits.waitUntil('h', 30_001), 'the others wait').to.equal(60_000);
    circuits.noted('h', 'connect', 30_500);
    expect(circuits.waitUntil('h', 31_000), 'longer').to.equal(90_500);
    circuits.noted('h', null, 90_500);
    expect(circuits.waitUntil('h', 90_501)).to.equal(undefined);
    for (let n = 0; n < 9; n += 1) circuits.noted('h', 'http-4xx', 0);
    expect(circuits.waitUntil('h', 0), 'a refusal says nothing of the host').to.equal(undefined);
  });
});

// What one address may have of a replica at once, and what one participant may cost the others: at each
// limit, and with everybody else welcome meanwhile.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { whyNoSocket } from '../../../client/sdk/link/no-socket.ts';
import { until } from '../../support/process/until.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const BEHIND_PROXY = { TRUST_PROXY: 'true' };
const ATTACKER = '203.0.113.66';
const OTHER = '198.51.100.7';

/** Somebody whom the proxy names; what clients claim stands before it. */
function open(t: TestContext, server: TestServer, address: string): Promise<RawClient> {
  const headers = { 'x-forwarded-for': `192.0.2.${Math.floor(Math.random() * 256)}, ${address}` };
  return RawClient.open(t, server.signalingUrl, { headers });
}

async function refusal(promise: Promise<unknown>) {
  const error = await promise.then(
    () => assert.fail('it was not refused'),
    (cause) => cause,
  );
  return { code: error.code, message: error.message, retryAfterMs: error.retryAfterMs };
}

test('sockets of one address do not take every room: others can open theirs', async (t) => {
  const server = await startServer(t, { ...BEHIND_PROXY, MAX_ROOMS_PER_ADDRESS: '20' });
  const sockets = await Promise.all(Array.from({ length: 60 }, () => open(t, server, ATTACKER)));
  const outcomes = await Promise.all(
    sockets.map((socket, n) =>
      socket.join(`taken-${n}`).then(
        () => 'ok',
        ({ code }) => code,
      ),
    ),
  );
  assert.equal(outcomes.filter((outcome) => outcome === 'ok').length, 20);
  assert.equal(outcomes.filter((outcome) => outcome === 'too_many_from_address').length, 40);
  const other = await open(t, server, OTHER);
  await other.join('theirs');
  // People of the same address are welcome in rooms that are there, and told why they open no other.
  const late = await open(t, server, ATTACKER);
  const { message, retryAfterMs } = await refusal(late.join('one-more'));
  assert.match(message, /as many rooms open/);
  assert.ok(retryAfterMs > 0);
  await late.join('theirs');
  await sockets[outcomes.indexOf('ok')]?.request('leave', {});
  await late.request('leave', {});
  await late.join('one-more');
});

test('rooms are counted as long as somebody of the address is in them, with or without a socket', async (t) => {
  const server = await startServer(t, {
    ...BEHIND_PROXY,
    MAX_ROOMS_PER_ADDRESS: '1',
    GRACE_PERIOD_MS: '500',
  });
  const first = await open(t, server, ATTACKER);
  await first.join('one');
  await first.drop();
  const second = await open(t, server, ATTACKER);
  assert.equal((await refusal(second.join('two'))).code, 'too_many_from_address');
  await until('the place to be given up', () => second.join('two'));
});

test('MAX_SOCKETS_PER_ADDRESS: one more is answered 429, and says why and when to come back', async (t) => {
  const server = await startServer(t, { MAX_SOCKETS_PER_ADDRESS: '3' });
  const sockets = await Promise.all([1, 2, 3].map(() => RawClient.open(t, server.signalingUrl)));
  await assert.rejects(RawClient.open(t, server.signalingUrl), /429/);
  const response = await fetch(server.signalingUrl.replace('ws', 'http'));
  assert.deepEqual([response.status, response.headers.get('retry-after')], [429, '10']);
  const { code, message } = await whyNoSocket(server.url);
  assert.deepEqual([code, /from your network/.test(message)], ['too_many_from_address', true]);
  await sockets[0]?.drop();
  await until('a place to be free', () => RawClient.open(t, server.signalingUrl));
});

test('ARRIVAL_BURST_PER_ADDRESS: sockets and joins alike, each address for itself', async (t) => {
  const server = await startServer(t, {
    ...BEHIND_PROXY,
    ARRIVALS_PER_ADDRESS_PER_MINUTE: '1',
    ARRIVAL_BURST_PER_ADDRESS: '3',
  });
  const socket = await open(t, server, ATTACKER);
  await socket.join('team');
  await socket.request('leave', {});
  await socket.join('team');
  await socket.request('leave', {});
  const { code, retryAfterMs } = await refusal(socket.join('team'));
  assert.equal(code, 'too_many_from_address');
  assert.ok(retryAfterMs > 30_000 && retryAfterMs <= 60_000, `${retryAfterMs}`);
  await assert.rejects(open(t, server, ATTACKER), /429/);
  await (await open(t, server, OTHER)).join('team');
});

test('an IPv6 network of 64 bits is one address', async (t) => {
  const server = await startServer(t, { ...BEHIND_PROXY, MAX_SOCKETS_PER_ADDRESS: '2' });
  await open(t, server, '2001:db8:1:2::1');
  await open(t, server, '2001:db8:1:2::2');
  await assert.rejects(open(t, server, '2001:db8:1:2:3::3'), /429/);
  await open(t, server, '2001:db8:1:3::1');
});

test('TRUST_PROXY=2: the outer proxy says who it is, not the inner one, and not the client', async (t) => {
  const server = await startServer(t, { TRUST_PROXY: '2', MAX_SOCKETS_PER_ADDRESS: '1' });
  const from = (client: string) =>
    RawClient.open(t, server.signalingUrl, {
      headers: { 'x-forwarded-for': `192.0.2.1, ${client}, 198.51.100.99` },
    });
  await from('203.0.113.1');
  await from('203.0.113.2');
  await assert.rejects(from('203.0.113.1'), /429/);
});

test('MAX_NETWORK_CHECKS_PER_ADDRESS: no address takes every check', async (t) => {
  const server = await startServer(t, { ...BEHIND_PROXY, MAX_NETWORK_CHECKS_PER_ADDRESS: '1' });
  const [one, two] = [await open(t, server, ATTACKER), await open(t, server, ATTACKER)];
  await one.request('checkNetwork', {});
  assert.equal(await two.outcome('checkNetwork', {}), 'too_many_from_address');
  await (await open(t, server, OTHER)).request('checkNetwork', {});
  await one.request('checkEnd', {});
  await two.request('checkNetwork', {});
  await two.drop();
  await until('the check to be over', () => one.request('checkNetwork', {}));
});

test('wrong bearer tokens are not free: after some none is looked at, right or wrong', async (t) => {
  const secret = randomBytes(32).toString('hex');
  const server = await startServer(t, {
    ...BEHIND_PROXY,
    AUTH_TOKEN: 'an-operator-of-this-test',
    API_KEYS: `shop:${secret}`,
    WRONG_TOKENS_PER_ADDRESS_PER_MINUTE: '3',
  });
  const ask = async (path: string, bearer: string, address: string, method = 'GET') => {
    const response = await fetch(new URL(path, server.url), {
      method,
      headers: { authorization: `Bearer ${bearer}`, 'x-forwarded-for': address },
    });
    const { error } = (await response.json()) as { error?: { code: string } };
    const seconds = Number(response.headers.get('retry-after'));
    return { answer: `${response.status} ${error?.code ?? ''}`.trim(), seconds };
  };
  const right = 'an-operator-of-this-test';
  assert.equal((await ask('/api/nodes', right, ATTACKER)).answer, '200');
  for (const path of ['/api/nodes', '/api/turn', '/api/nodes']) {
    assert.equal((await ask(path, 'wrong', ATTACKER)).answer, '401 unauthorized', path);
  }
  for (const bearer of ['wrong', right]) {
    const { answer, seconds } = await ask('/api/nodes', bearer, ATTACKER);
    assert.equal(answer, '429 rate_limited');
    assert.ok(seconds >= 1 && seconds <= 20, `${seconds}`);
  }
  assert.equal((await ask('/api/nodes', right, OTHER)).answer, '200');
  const minted = await ask('/api/rooms/team/tokens', `shop:${secret}`, ATTACKER, 'POST');
  assert.equal(minted.answer, '201', 'an application of the same address goes on');
});

const COSTS: readonly [name: string, method: string, params: (epoch: number) => unknown][] = [
  ['PUBLICATIONS_PER_MINUTE', 'publish', (epoch) => publication(epoch)],
  ['MEDIA_REBUILDS_PER_MINUTE', 'rebuildMedia', () => ({ epoch: 1 })],
  ['MEDIA_REBUILDS_PER_MINUTE', 'restartIce', (epoch) => ({ epoch, direction: 'send' })],
  ['SNAPSHOTS_PER_MINUTE', 'snapshot', () => ({})],
  ['ROOM_CHANGES_PER_MINUTE', 'mute', () => ({ trackId: 'no-such-track-at-all', muted: true })],
  ['ROOM_CHANGES_PER_MINUTE', 'unpublish', () => ({ trackId: 'no-such-track-at-all' })],
  ['PREFERENCES_PER_MINUTE', 'subscribe', () => ({ preferences: {} })],
  ['SPEAKING_PER_MINUTE', 'speaking', (epoch) => ({ epoch, trackId: 'no-such-track-at-all' })],
];

for (const [name, method, params] of COSTS) {
  test(`${name}: ${method} as often, then rate_limited with when, also after a resume`, async (t) => {
    const server = await startServer(t, { [name]: '3' });
    const ada = await RawClient.open(t, server.signalingUrl);
    const joined = await ada.join('team');
    const { epoch } = joined.media;
    for (let n = 0; n < 3; n++) {
      assert.notEqual(await ada.outcome(method, params(epoch)), 'rate_limited', `the ${n + 1}.`);
    }
    const { code, retryAfterMs } = await refusal(ada.ask(method, params(epoch)));
    assert.equal(code, 'rate_limited');
    assert.ok(retryAfterMs > 0 && retryAfterMs <= 20_000, `${retryAfterMs}`);
    await ada.drop();
    const again = await RawClient.open(t, server.signalingUrl);
    await again.resume('team', joined, 0);
    assert.equal(await again.outcome(method, params(epoch)), 'rate_limited');
    const ben = await RawClient.open(t, server.signalingUrl);
    const theirs = (await ben.join('team')).media.epoch;
    assert.notEqual(await ben.outcome(method, params(theirs)), 'rate_limited');
  });
}

test('JOINS_PER_MINUTE: a socket that joins and leaves all the time has to wait', async (t) => {
  const server = await startServer(t, { JOINS_PER_MINUTE: '2' });
  const ada = await RawClient.open(t, server.signalingUrl);
  for (let n = 0; n < 2; n++) {
    await ada.join('team');
    await ada.request('leave', {});
  }
  const { code, retryAfterMs } = await refusal(ada.join('team'));
  assert.equal(code, 'rate_limited');
  assert.ok(retryAfterMs > 0 && retryAfterMs <= 30_000, `${retryAfterMs}`);
});

// The TURN pool of a running server, with real coturn: changed live, and left by those who used what
// goes away.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { TurnAllocation } from '../../../server/turn/client/turn-client.ts';
import type { IceServer } from '../../../shared/media/rtp.ts';
import { until } from '../../support/process/until.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { AUTH_TOKEN, entryOf, idOf, Operator } from '../../support/server/operator.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { type Coturn, startCoturn, turnPassword } from '../../support/turn/coturn.ts';

/** Servers on one host fall together and are not given together: each has a loopback address. */
const HOSTS = ['127.0.0.1', '127.0.0.2'] as const;
/** What is asked of it: a dead server is in no new credentials after this time. */
const OUT_WITHIN_MS = 10_000;

type Pool = { server: TestServer; operator: Operator; one: Coturn; two: Coturn };

/** A server with one coturn in its configuration, and another one to be added. */
async function start(
  t: Parameters<typeof startServer>[0],
  env: Record<string, string> = {},
): Promise<Pool> {
  const [one, two] = await Promise.all(HOSTS.map((address) => startCoturn('secret', { address })));
  assert.ok(one && two);
  const owned = ownedBy(t);
  owned.use(one);
  owned.use(two);
  const server = await startServer(t, { ...one.env, AUTH_TOKEN, ...env });
  return { server, operator: new Operator(server.url), one, two };
}

/** Hosts and ports that somebody was given. */
const serversIn = (iceServers: readonly IceServer[]) =>
  iceServers.map(({ urls }) => urls[0]?.replace(/^turn:|\?.*$/g, '')).sort();

async function join(t: Parameters<typeof startServer>[0], server: TestServer, operator: Operator) {
  const { token } = await operator.invite('team');
  const client = await RawClient.open(t, server.signalingUrl);
  const joined = await client.join('team', { token });
  return { client, joined, given: serversIn(joined.media.iceServers) };
}

test('a server is added, drained, taken back and removed while people talk', async (t) => {
  const { server, operator, one, two } = await start(t);
  const ada = await join(t, server, operator);
  assert.deepEqual(ada.given, [idOf(one)]);

  const added = await operator.ask('POST', '/api/turn', entryOf(two));
  assert.deepEqual(
    [added.status, added.answer],
    [201, { id: idOf(two), replaced: false, draining: null }],
  );
  await operator.shows(two, 'in-service');
  const ben = await join(t, server, operator);
  assert.deepEqual(ben.given, [idOf(one), idOf(two)]);

  await operator.drain(one, { move: false });
  await operator.shows(one, 'draining');
  await until('newcomers to get the other one alone', async () => {
    assert.deepEqual((await join(t, server, operator)).given, [idOf(two)]);
  });
  assert.deepEqual(ada.client.events('iceServers'), [], 'a drain that waits moves nobody');

  await operator.drain(one, { move: true });
  for (const { client } of [ada, ben]) {
    const moved = await client.event('iceServers', ({ move }) => move === true);
    assert.deepEqual(serversIn(moved.iceServers), [idOf(two)]);
  }

  await operator.resume(one);
  await operator.shows(one, 'in-service');
  const removed = await operator.remove(two);
  assert.equal(removed.status, 204);
  const back = await ada.client.event(
    'iceServers',
    ({ move, iceServers }) => move === true && serversIn(iceServers).includes(idOf(one)),
  );
  assert.deepEqual(serversIn(back.iceServers), [idOf(one)]);
  assert.equal((await operator.overview()).servers.length, 1);
});

test('a new secret reaches those who are in a call, without moving them', async (t) => {
  const { server, operator, one } = await start(t);
  const ada = await join(t, server, operator);
  const [had] = ada.joined.media.iceServers;

  await operator.ask('POST', '/api/turn', { ...entryOf(one), secret: 'another-secret' });
  const rotated = await ada.client.event('iceServers');
  const [has] = rotated.iceServers;
  assert.equal(rotated.move, false);
  assert.deepEqual(has?.urls, had?.urls);
  assert.equal(has?.credential, turnPassword(has?.username ?? '', 'another-secret'));
});

test('a new secret of one of two servers that shared theirs reaches those who have both', async (t) => {
  const { server, operator, one, two } = await start(t);
  await operator.ask('POST', '/api/turn', entryOf(two));
  await operator.shows(two, 'in-service');
  const ada = await join(t, server, operator);
  assert.equal(ada.given.length, 2);
  await operator.ask('POST', '/api/turn', { ...entryOf(one), secret: 'another-secret' });
  const { iceServers, move } = await ada.client.event('iceServers');
  assert.equal(move, false);
  for (const { username = '', credential, urls } of iceServers) {
    const isOne = urls.some((url) => url.includes(idOf(one)));
    const secret = isOne ? 'another-secret' : undefined;
    assert.equal(credential, turnPassword(username, secret));
  }
});

test('who is given the same addresses under another name has no way to leave', async (t) => {
  const { server, operator, one } = await start(t);
  const ada = await join(t, server, operator);
  await operator.ask('POST', '/api/turn', { ...entryOf(one), id: 'renamed' });
  await operator.drain(one, { move: true });
  const { iceServers, move } = await ada.client.event('iceServers');
  assert.deepEqual([iceServers[0]?.urls, move], [ada.joined.media.iceServers[0]?.urls, false]);
  await until('the sessions to count for that one', async () => {
    const { servers } = await operator.overview();
    assert.equal(servers.find(({ id }) => id === 'renamed')?.sessions, 1);
  });
});

test('the last server is removed: newcomers get none, and whom it relays keep what they have', async (t) => {
  const two = await startCoturn('secret', { address: HOSTS[1] });
  ownedBy(t).use(two);
  const server = await startServer(t, { AUTH_TOKEN });
  const operator = new Operator(server.url);
  await operator.ask('POST', '/api/turn', entryOf(two));
  await operator.shows(two, 'in-service');
  const ada = await join(t, server, operator);
  assert.deepEqual(ada.given, [idOf(two)]);
  assert.equal((await operator.remove(two)).status, 204);
  await until('newcomers to get none', async () => {
    assert.deepEqual((await join(t, server, operator)).given, []);
  });
  assert.deepEqual(ada.client.events('iceServers'), []);

  await ada.client.drop();
  const back = await RawClient.open(t, server.signalingUrl);
  const resumed = await back.resume('team', ada.joined, 1);
  assert.deepEqual(serversIn(resumed.media.iceServers), ada.given, 'also after a lost socket');
  await operator.ask('POST', '/api/turn', { ...entryOf(two), id: 'another' });
  const { iceServers, move } = await back.event('iceServers');
  assert.deepEqual([serversIn(iceServers), move], [ada.given, false], 'the next one is told');
});

test('the name of a server may be as long as names may be', async (t) => {
  const { operator, two } = await start(t);
  const id = 'n'.repeat(128);
  assert.equal((await operator.ask('POST', '/api/turn', { ...entryOf(two), id })).status, 201);
  assert.equal((await operator.ask('POST', `/api/turn/${id}/drain`, {})).status, 200);
  assert.equal((await operator.ask('DELETE', `/api/turn/${id}`)).status, 204);
});

test('a server that dies is in nobody’s credentials ten seconds later, and comes back when it is well', async (t) => {
  const { server, operator, one, two } = await start(t, { TURN_RECOVERY_MS: '1000' });
  await operator.add(two);
  await Promise.all([operator.shows(one, 'in-service'), operator.shows(two, 'in-service')]);
  const ada = await join(t, server, operator);
  assert.deepEqual(ada.given, [idOf(one), idOf(two)]);

  const diedAt = performance.now();
  process.kill(two.process.pid, 'SIGKILL');
  await ada.client.event(
    'iceServers',
    ({ move, iceServers }) => move === true && !serversIn(iceServers).includes(idOf(two)),
  );
  assert.deepEqual((await join(t, server, operator)).given, [idOf(one)]);
  const outMs = performance.now() - diedAt;
  t.diagnostic(`out of all credentials after ${Math.round(outMs)} ms`);
  assert.ok(outMs < OUT_WITHIN_MS, `it took ${outMs} ms`);
  const { urls } = await operator.shows(two, 'failed');
  for (const { message } of urls) assert.ok(message, 'it is said why');
  const { warnings } = await operator.overview();
  assert.ok(warnings.some(({ serverId }) => serverId === idOf(two)));

  const { address, port } = two;
  ownedBy(t).use(await startCoturn('secret', { address, port }));
  await operator.shows(two, 'in-service');
  assert.deepEqual((await join(t, server, operator)).given, [idOf(one), idOf(two)]);
});

test('of a server that answers by TCP alone, the other address is not handed out', async (t) => {
  const { server, operator, one } = await start(t, { TURN_SHARED_SECRET: '' });
  const { address, port } = one;
  const deaf = 1;
  const urls = [`turn:${address}:${deaf}?transport=udp`, `turn:${address}:${port}?transport=tcp`];
  const { secret } = entryOf(one);
  await operator.ask('POST', '/api/turn', { id: 'half', urls, secret });
  await until('the deaf address to be left out', async () => {
    const { joined } = await join(t, server, operator);
    assert.deepEqual(
      joined.media.iceServers.map((one) => one.urls),
      [[urls[1]]],
    );
  });
});

test('a server that is full has not failed: whom it carries stays, newcomers go elsewhere', async (t) => {
  const [full, other] = await Promise.all([
    startCoturn('secret', { address: HOSTS[0], args: ['--total-quota=1'] }),
    startCoturn('secret', { address: HOSTS[1] }),
  ]);
  const owned = ownedBy(t);
  owned.use(full);
  owned.use(other);
  const server = await startServer(t, { ...full.env, AUTH_TOKEN, TURN_PROBE_INTERVAL_MS: '500' });
  const operator = new Operator(server.url);
  await operator.shows(full, 'in-service');
  const ada = await join(t, server, operator);
  assert.deepEqual(ada.given, [idOf(full)]);
  await operator.add(other);
  await operator.shows(other, 'in-service');

  // Somebody takes the only allocation there is; the two addresses' probes take turns with it.
  const [url = ''] = entryOf(full).urls;
  const username = `${Math.floor(Date.now() / 1_000) + 600}:somebody`;
  const credential = turnPassword(username);
  const taken = await until('an allocation', () =>
    TurnAllocation.open({ url, username, credential, timeoutMs: 2_000 }),
  );
  owned.defer(() => taken.close());
  await until('the operator to be told', async () => {
    const { warnings } = await operator.overview();
    const full = warnings.filter(({ message }) => message.includes('takes no new allocations'));
    assert.equal(full.length, 2, 'of both addresses');
  });
  assert.equal((await operator.shows(full, 'in-service')).state, 'in-service');
  const [first] = (await join(t, server, operator)).joined.media.iceServers;
  assert.ok(
    first?.urls.every((one) => one.includes(`${HOSTS[1]}:`)),
    'a newcomer goes elsewhere first',
  );
  assert.deepEqual(ada.client.events('iceServers'), [], 'nobody is moved');
});

test('what a server says of its own load is shown, warned of, and gone by', async (t) => {
  const coturnMetrics = createServer((_, response) => {
    response.end('turn_total_allocations{type="UDP"} 95\nturn_total_traffic_rcvb 1000\n');
  });
  await once(coturnMetrics.listen(0, '127.0.0.1'), 'listening');
  ownedBy(t).defer(() => void coturnMetrics.close());
  const { port } = coturnMetrics.address() as AddressInfo;
  const { server, operator, one, two } = await start(t, { TURN_LOAD_INTERVAL_MS: '500' });
  const metricsUrl = `http://127.0.0.1:${port}/metrics`;
  const entry = { ...entryOf(two), capacity: 100, metricsUrl };
  assert.equal((await operator.ask('POST', '/api/turn', entry)).status, 201);
  await operator.shows(two, 'in-service');
  await until('its load to be shown', async () => {
    const { servers, warnings, history } = await operator.overview();
    const shown = servers.find(({ id }) => id === idOf(two));
    assert.deepEqual([shown?.allocations, shown?.explained], [95, 0]);
    const said = warnings.map(({ message }) => message).join('\n');
    assert.match(said, /nearly full: 95 of 100/);
    assert.match(said, /holds 95 allocations, and the sessions explain 0/);
    assert.equal(history.at(-1)?.servers[idOf(two)]?.allocations, 95);
  });
  const [first] = (await join(t, server, operator)).joined.media.iceServers;
  assert.ok(first?.urls[0]?.includes(idOf(one)), 'the one with room comes first');
  const text = await (await fetch(server.app.metricsUrl ?? '')).text();
  assert.match(text, /parley_turn_allocations\{[^}]*\} 95/);
  await operator.remove(two);
  await until('its figures to be gone', async () => {
    const now = await (await fetch(server.app.metricsUrl ?? '')).text();
    assert.ok(
      !now.includes(`server="${idOf(two)}"`),
      now.match(new RegExp(`.*${idOf(two)}.*`))?.[0],
    );
  });
});

test('secrets are nowhere but with the TURN server and in what is made of them', async (t) => {
  const { server, operator, one, two } = await start(t);
  const secret = 'a-secret-that-nobody-may-see';
  await operator.ask('POST', '/api/turn', { ...entryOf(two), secret });
  await operator.shows(two, 'failed');
  const metrics = await (await fetch(server.app.metricsUrl ?? '')).text();
  assert.match(metrics, /parley_turn_url_up\{[^}]*\} 0/);
  const nodes = await operator.ask('GET', '/api/nodes');
  const pool = await operator.ask('GET', '/api/turn');
  for (const text of [metrics, nodes.text, pool.text, server.logLines.join('')]) {
    for (const hidden of [secret, one.env.TURN_SHARED_SECRET ?? '']) {
      assert.ok(!text.includes(hidden), 'a secret is shown');
    }
  }
  const { urls } = await operator.shows(two, 'failed');
  assert.match(urls[0]?.message ?? '', /401|credential|secret/i, 'a wrong secret is called that');
});

test('the pool is for the operator alone, and bad input changes nothing', async (t) => {
  const { operator, one } = await start(t, { MAX_TURN_SERVERS: '2' });
  const { secret } = entryOf(one);
  const urls = ['turn:relay.example.org:3478'];
  const outcome = async (method: string, path: string, body?: unknown, token?: string) => {
    const { status, answer } = await operator.ask(method, path, body, token);
    return `${status} ${(answer as { error?: { code: string } } | undefined)?.error?.code ?? 'ok'}`;
  };
  const pool = '/api/turn';
  const its = `${pool}/${encodeURIComponent(idOf(one))}`;
  for (const [method, path] of [
    ['GET', pool],
    ['POST', pool],
    ['DELETE', its],
    ['POST', `${its}/drain`],
    ['POST', `${its}/resume`],
  ] as const) {
    assert.equal(
      await outcome(method, path, method === 'GET' ? undefined : {}, 'wrong'),
      '401 unauthorized',
    );
  }
  const bad: unknown[] = [
    {},
    { urls: [], secret },
    { urls },
    { urls, secret, username: 'both' },
    { urls: ['http://relay.example.org'], secret },
    { urls: ['turn:relay.example.org:99999'], secret },
    { urls, secret, weight: 0 },
    { urls, secret, weight: 1e9 },
    { urls, secret, id: 'with space' },
    { urls, secret, metricsUrl: 'file:///etc/passwd' },
    { urls, secret, origin: 'environment' },
    { urls: Array(9).fill(urls[0]), secret },
    'text',
    null,
  ];
  for (const body of bad) {
    assert.equal(await outcome('POST', pool, body), '400 bad_message', JSON.stringify(body));
  }
  const large = { urls, secret: 'x'.repeat(10_000) };
  assert.equal(await outcome('POST', pool, large), '413 message_too_large');
  assert.equal(await outcome('DELETE', `${pool}/nobody`), '404 not_found');
  assert.equal(await outcome('POST', `${pool}/nobody/drain`, {}), '404 not_found');
  assert.equal(await outcome('DELETE', its), '403 forbidden');
  assert.equal(await outcome('POST', pool, { urls, secret, id: 'second' }), '201 ok');
  assert.equal(await outcome('POST', pool, { urls, secret, id: 'third' }), '503 no_capacity');
  const ids = (await operator.overview()).servers.map(({ id }) => id);
  assert.deepEqual(ids, [idOf(one), 'second']);
});

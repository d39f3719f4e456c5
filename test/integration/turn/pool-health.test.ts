// The TURN pool when a server dies, is full, or says so; and what is nobody's business.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { TurnAllocation } from '../../../server/turn/client/turn-client.ts';
import { until } from '../../support/process/until.ts';
import { startServer } from '../../support/server/app.ts';
import { AUTH_TOKEN, entryOf, idOf, Operator } from '../../support/server/operator.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { startCoturn, turnPassword } from '../../support/turn/coturn.ts';

import { HOSTS, join, OUT_WITHIN_MS, serversIn, start } from './pool-scene.ts';

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

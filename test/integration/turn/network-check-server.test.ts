// The server's side of network checks: who may have one, how many there are, and that they end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MediaNode, startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { applicationToken, WITH_APPLICATION } from '../../support/server/application.ts';
import { RawClient } from '../../support/server/client.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { TestWorkers } from '../../support/server/workers.ts';
import { startCoturn, turnPassword } from '../../support/turn/coturn.ts';

const FINGERPRINT = { algorithm: 'sha-256', value: Array(32).fill('AB').join(':') } as const;
const DTLS = { role: 'client', fingerprints: [FINGERPRINT] } as const;

/** What the checks of a server hold: a router each, and a transport for each of its paths. */
async function holds(server: TestServer, routers: number, transports: number): Promise<void> {
  await until('the checks to be as expected', () => {
    const { router, transport } = server.counts();
    assert.deepEqual([router, transport], [routers, transports]);
  });
}

test('a check opens a transport for each way, and closes them with the socket', async (context) => {
  const coturn = ownedBy(context).use(await startCoturn('secret'));
  const server = await startServer(context, coturn.env);
  const client = await RawClient.open(context, server.signalingUrl);
  const { paths, forMs } = await client.request('checkNetwork', {});

  assert.equal(forMs, server.config.limits.networkCheckSeconds * 1000);
  assert.deepEqual(
    paths.map(({ kind, url }) => [kind, url]),
    [
      ['udp', null],
      ['tcp', null],
      ['relay', `turn:127.0.0.1:${coturn.env.TURN_PORT}?transport=udp`],
      ['relay', `turn:127.0.0.1:${coturn.env.TURN_PORT}?transport=tcp`],
    ],
  );
  for (const { kind, transport, iceServers, url } of paths) {
    const protocols = new Set(transport.iceCandidates.map(({ protocol }) => protocol));
    assert.deepEqual([...protocols], [kind === 'tcp' ? 'tcp' : 'udp']);
    assert.deepEqual(
      iceServers.flatMap(({ urls }) => urls),
      url === null ? [] : [url],
    );
    for (const { username = '', credential } of iceServers) {
      assert.equal(credential, turnPassword(username));
    }
  }
  await holds(server, 1, 4);
  await client.drop();
  await server.becomesIdle();
});

test('the same again takes the place of the first; checkEnd ends it', async (context) => {
  const server = await startServer(context);
  const client = await RawClient.open(context, server.signalingUrl);
  const [first] = (await client.request('checkNetwork', {})).paths;
  const [second] = (await client.request('checkNetwork', {})).paths;
  assert.ok(first && second && first.id !== second.id);
  await holds(server, 1, 2);
  const connecting = (id: string) => client.outcome('checkConnect', { id, dtlsParameters: DTLS });
  assert.equal(await connecting(first.id), 'media_failed');
  assert.equal(await connecting(second.id), 'ok');
  assert.equal(await connecting(second.id), 'ok', 'a repetition');
  assert.equal(await connecting('made-up'), 'media_failed');
  assert.equal(await client.outcome('checkEnd', {}), 'ok');
  assert.equal(await client.outcome('checkEnd', {}), 'ok');
  assert.equal(await connecting(second.id), 'media_failed');
  await server.becomesIdleBut(1);
  // The socket is as good as new.
  await client.join('blue');
});

test('who joins ends the check; who is in a call has none', async (context) => {
  const server = await startServer(context);
  const client = await RawClient.open(context, server.signalingUrl);
  await client.request('checkNetwork', { room: 'blue' });
  await client.join('blue');
  await holds(server, 1, 2);
  for (const method of ['checkNetwork', 'checkEnd']) {
    assert.equal(await client.outcome(method, {}), 'already_joined');
  }
  await client.drop();
});

test('no more than MAX_NETWORK_CHECKS at once', async (context) => {
  const server = await startServer(context, { MAX_NETWORK_CHECKS: '2' });
  const open = () => RawClient.open(context, server.signalingUrl);
  const [one, two, three] = await Promise.all([open(), open(), open()]);
  await Promise.all([one.request('checkNetwork', {}), two.request('checkNetwork', {})]);
  await assert.rejects(three.request('checkNetwork', {}), ({ code, message }) => {
    assert.equal(code, 'no_capacity');
    assert.match(message, /check their network/);
    return true;
  });
  // In a call one still can be.
  await three.join('blue');
  await two.drop();
  await until('room for another check', async () => {
    const four = await open();
    assert.equal(await four.outcome('checkNetwork', {}), 'ok');
  });
});

test('one socket has a few checks, not one after the other for ever', async (context) => {
  const server = await startServer(context);
  const client = await RawClient.open(context, server.signalingUrl);
  for (let n = 0; n < 3; n++) assert.equal(await client.outcome('checkNetwork', {}), 'ok');
  assert.equal(await client.outcome('checkNetwork', {}), 'rate_limited');
  const another = await RawClient.open(context, server.signalingUrl);
  assert.equal(await another.outcome('checkNetwork', {}), 'ok');
});

test('a check ends after NETWORK_CHECK_SECONDS, and its socket soon after', async (context) => {
  const server = await startServer(context, {
    NETWORK_CHECK_SECONDS: '1',
    JOIN_TIMEOUT_MS: '2000',
  });
  const client = await RawClient.open(context, server.signalingUrl);
  const startedAt = performance.now();
  await client.request('checkNetwork', {});
  await holds(server, 0, 0);
  assert.ok(performance.now() - startedAt > 800, 'it ended early');
  await client.closing();
  assert.ok(performance.now() - startedAt > 2_800, 'the socket ended early');
  assert.equal(client.events('bye')[0]?.error.code, 'timeout');
  await server.becomesIdle();
});

test('where rooms have tokens, a check needs one', async (context) => {
  const server = await startServer(context, WITH_APPLICATION);
  const token = await applicationToken({ room: 'blue', role: 'viewer' });
  const client = await RawClient.open(context, server.signalingUrl);
  const asking = (params: object) => client.outcome('checkNetwork', params);
  assert.equal(await asking({}), 'token_required');
  assert.equal(await asking({ room: 'blue' }), 'token_required');
  assert.equal(await asking({ token }), 'token_required');
  assert.equal(await asking({ room: 'green', token }), 'token_wrong_room');
  assert.equal(await asking({ room: 'blue', token: 'nonsense' }), 'token_invalid');
  await holds(server, 0, 0);
  assert.equal(await asking({ room: 'blue', token }), 'ok');
});

test('parameters that are none are refused, and open nothing', async (context) => {
  const server = await startServer(context);
  const client = await RawClient.open(context, server.signalingUrl);
  const asking = (method: string, params: unknown) => client.outcome(method, params);
  for (const params of [null, 7, { token: 7 }, { room: 'a', token: 'x'.repeat(5_000) }]) {
    assert.equal(await asking('checkNetwork', params), 'bad_message', JSON.stringify(params));
  }
  assert.equal(await asking('checkNetwork', { room: '../x' }), 'invalid_room');
  const id = 'x'.repeat(1_000);
  assert.equal(await asking('checkConnect', { id, dtlsParameters: DTLS }), 'bad_message');
  assert.equal(await asking('checkConnect', { id: 'x', dtlsParameters: {} }), 'bad_message');
  assert.equal(await asking('checkConnect', { id: 'x', dtlsParameters: DTLS }), 'media_failed');
  await holds(server, 0, 0);
});

test('a check ends with its worker, and another one can begin', async (context) => {
  const workers = new TestWorkers(context);
  const server = await startServer(context);
  const client = await RawClient.open(context, server.signalingUrl);
  const [path] = (await client.request('checkNetwork', {})).paths;
  assert.ok(path);
  process.kill(workers.only.pid, 'SIGKILL');
  await holds(server, 0, 0);
  const id = path.id;
  assert.equal(await client.outcome('checkConnect', { id, dtlsParameters: DTLS }), 'media_failed');
  await until('a worker to be there again', async () => {
    assert.equal(await client.outcome('checkNetwork', {}), 'ok');
  });
});

test('a check goes to the node where the room is; where it is full, to another', async (context) => {
  const env = { MAX_NETWORK_CHECKS: '1' };
  const { web, nodes } = await startReplicas(context, { web: 1, nodes: 2 }, env);
  const [replica] = web;
  assert.ok(replica);
  const open = () => RawClient.open(context, replica.signalingUrl);
  const transports = ({ resources }: MediaNode) => resources.counts().transport;
  const member = await open();
  await member.join('blue');
  const home = nodes.find((node) => transports(node) > 0);
  const other = nodes.find((node) => node !== home);
  assert.ok(home && other);

  const [one, two, three] = await Promise.all([open(), open(), open()]);
  await one.request('checkNetwork', { room: 'blue' });
  assert.deepEqual([transports(home), transports(other)], [4, 0]);
  await two.request('checkNetwork', { room: 'blue' });
  assert.deepEqual([transports(home), transports(other)], [4, 2]);
  assert.equal(await three.outcome('checkNetwork', {}), 'no_capacity');

  // A node that is left takes no more.
  other.node.drain();
  await two.request('checkEnd', {});
  await until('the draining node to be known', async () => {
    assert.equal(await two.outcome('checkNetwork', {}), 'no_capacity');
  });
  await one.drop();
  await until('the first check to be over', () => assert.equal(transports(home), 2));
});

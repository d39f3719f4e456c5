// Connecting: who we are to the store, over what, and what the operator reads when it fails.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { admission } from '../../contract/suites/room-fixtures.ts';
import { RedisServer, RedisServers } from '../../support/cluster/redis.ts';
import { openRedis } from '../../support/cluster/redis-cluster.ts';
import { freeTcpPort } from '../../support/network/ports.ts';

const PASSWORD = 'a secret/with:odd@characters';
const SOON = { connectTimeoutMs: 800 };

async function start(t: TestContext, ...options: Parameters<typeof RedisServer.start>) {
  const server = await RedisServer.start(...options);
  t.after(() => server.stop());
  return server;
}

/** Works at all: a room is there, and something is heard. */
async function tryOut(url: string, options = {}): Promise<void> {
  const cluster = await openRedis(url, options);
  try {
    await cluster.bus.serve('node-1', async () => 'answered');
    assert.equal(await cluster.bus.request('node-1', 'x', {}, { timeoutMs: 5_000 }), 'answered');
    await cluster.rooms.admit('team', admission('participant-1'));
  } finally {
    await cluster.close();
  }
}

/** The one sentence that the start ends with. */
async function refusal(url: string, options = {}): Promise<string> {
  const outcome = await openRedis(url, { ...SOON, ...options }).then(
    async (cluster) => {
      await cluster.close();
      return undefined;
    },
    (error: Error) => error,
  );
  assert.ok(outcome, 'it connected');
  assert.ok(!String(outcome.stack).includes(PASSWORD), 'the password is shown');
  assert.ok(!String(outcome.stack).includes(encodeURIComponent(PASSWORD)), 'the password is shown');
  assert.match(outcome.message, /^[A-Z][^\n]*\.$/, 'one sentence');
  return outcome.message;
}

test('a password and a database number', async (t) => {
  const server = await start(t, { password: PASSWORD });
  await tryOut(`${server.url}/3`);
  assert.equal(await server.cli('-n', '0', 'DBSIZE'), '0');
  assert.notEqual(await server.cli('-n', '3', 'DBSIZE'), '0');
});

test('a user with a password', async (t) => {
  const server = await start(t);
  await server.cli('ACL', 'SETUSER', 'parley', 'on', '>their-password', '~*', '&*', '+@all');
  await tryOut(server.url.replace('redis://', 'redis://parley:their-password@'));
});

test('a wrong password, or none: said, and not shown', async (t) => {
  const server = await start(t, { password: 'the right one' });
  const wrong = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${server.port}`;
  assert.match(await refusal(wrong), /refuses the user name or password/);
  assert.match(
    await refusal(`redis://127.0.0.1:${server.port}`),
    /refuses the user name or password/,
  );
});

test('TLS, with the authority of the server', async (t) => {
  const server = await start(t, { tls: true, password: PASSWORD });
  await tryOut(server.url, { tlsCaFile: server.caFile });
  assert.match(await refusal(server.url), /certificate.*REDIS_TLS_CA/);
  const missing = { tlsCaFile: '/nowhere/ca.pem' };
  assert.match(await refusal(server.url, missing), /REDIS_TLS_CA names cannot be read: \/nowhere/);
  // Without TLS the server says nothing that could be understood.
  assert.match(await refusal(server.url.replace('rediss', 'redis')), /needs rediss:/);
});

test('TLS and a password hold for every server of a Redis Cluster', async (t) => {
  const servers = await RedisServers.start({ password: PASSWORD, tls: true });
  t.after(() => servers.stop());
  const tls = { tlsCaFile: servers.first.caFile };
  await tryOut(servers.url, tls);
  const refused = await refusal(`${servers.url}/2`, tls);
  assert.match(refused, /Redis Cluster has only one database/);
});

test('nobody there, and nowhere to look', async () => {
  const port = await freeTcpPort();
  assert.match(
    await refusal(`redis://127.0.0.1:${port}`),
    /127\.0\.0\.1:\d+.*nothing listens there/,
  );
  assert.match(
    await refusal('redis://store.invalid', { connectTimeoutMs: 3_000 }),
    /store\.invalid:6379.*does not resolve/,
  );
});

test('somebody who accepts, and never says a word', async (t) => {
  const silent = createServer((socket) => socket.on('error', () => {}).resume());
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.after(() => silent.close());
  const { port } = silent.address() as { port: number };
  assert.match(await refusal(`redis://127.0.0.1:${port}`), /no answer/);
});

test('a server that is too old is refused at once', async (t) => {
  const old = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      // As Redis 6.0 answers HELLO, and what it does not know.
      const asked = String(data).match(/\r\n[A-Za-z]+\r\n/g) ?? [];
      for (const word of asked) {
        const hello =
          '%3\r\n$7\r\nversion\r\n$6\r\n6.0.16\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n';
        if (/HELLO/.test(word)) socket.write(hello);
        else if (/PUBSUB/.test(word))
          socket.write('-ERR Unknown PUBSUB subcommand or wrong number of arguments\r\n');
        else if (/CLIENT/.test(word)) socket.write('-ERR unknown subcommand\r\n');
      }
    });
  });
  await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
  t.after(() => old.close());
  const { port } = old.address() as { port: number };
  const startedAt = performance.now();
  const sentence = await refusal(`redis://127.0.0.1:${port}`, { connectTimeoutMs: 60_000 });
  assert.match(sentence, /Redis 6\.0\.16 .*needs Redis 7 or Valkey/);
  assert.ok(performance.now() - startedAt < 5_000);
});

test('a store that is started later is waited for', async (t) => {
  const server = await start(t);
  await server.kill();
  const opening = openRedis(server.url, { connectTimeoutMs: 30_000 });
  await server.restart();
  const cluster = await opening;
  assert.equal(cluster.connected, true);
  await cluster.close();
});

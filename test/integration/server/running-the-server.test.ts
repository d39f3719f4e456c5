// The server as operators run it: how it starts, refuses to start, and ends.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { freeTcpPort } from '../../support/network/ports.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { ManagedProcess } from '../../support/process/managed-process.ts';
import { until } from '../../support/process/until.ts';
import { startServer, TEST_ENV, TestServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { Parley } from '../../support/server/parley.ts';
import { publication } from '../../support/server/rtp.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const isAlive = (pid: number) => existsSync(`/proc/${pid}`);

/** Runs it until it gives up by itself. */
async function failingStart(env: Record<string, string>): Promise<{ code: unknown; said: string }> {
  await using server = new ManagedProcess({
    name: 'parley',
    command: process.execPath,
    args: ['server/entries/all-in-one.ts'],
    cwd: ROOT,
    env: { ...TEST_ENV, ...env },
  });
  await until('it to end', () => assert.ok(server.end), { withinMs: DEADLINES.serverReady });
  return { code: server.end?.code, said: server.lines.join('\n') };
}

test('SIGTERM sends everybody elsewhere and ends with 0, the workers too', async (t) => {
  const parley = await Parley.start({ WORKERS: '2' });
  const url = new URL('/signaling', parley.url.replace('http', 'ws')).href;
  const workers = await parley.workerPids();
  assert.equal(workers.length, 2);
  const people = await Promise.all([1, 2, 3].map(() => RawClient.open(t, url)));
  for (const person of people) {
    const { media } = await person.join('team');
    await person.request('publish', publication(media.epoch));
  }
  const idle = await RawClient.open(t, url);
  const stopping = parley.stop();
  for (const client of [...people, idle]) {
    assert.deepEqual(await client.closing(), { code: 1001, reason: 'shutting_down' });
    assert.equal(client.events('bye')[0]?.reconnect, true);
  }
  await stopping;
  assert.deepEqual(parley.process.end, { code: 0, signal: null });
  await until('no worker to be left', () => assert.deepEqual(workers.filter(isAlive), []));
  await assert.rejects(RawClient.open(t, url), /ECONNREFUSED/);
});

test('a client that does not say goodbye cannot keep the server from ending', async (t) => {
  const parley = await Parley.start();
  const url = new URL('/signaling', parley.url.replace('http', 'ws')).href;
  const deaf = await RawClient.open(t, url);
  await deaf.join('team');
  deaf.socket.pause();
  await parley.stop();
  assert.deepEqual(parley.process.end, { code: 0, signal: null });
});

test('workers of a server that was killed end by themselves', async () => {
  const parley = await Parley.start();
  const workers = await parley.workerPids();
  parley.process.signal('SIGKILL');
  await until('no worker to be left', () => assert.deepEqual(workers.filter(isAlive), []));
});

test('a configuration that makes no sense is one clear message and exit 1', async () => {
  const { code, said } = await failingStart({ PORT: 'eighty', WORKERS: '0', LOG_LEVEL: 'info' });
  assert.equal(code, 1);
  assert.match(said, /^Parley cannot start\. The configuration is not usable:/);
  assert.match(said, /- PORT must be a whole number from 0 to 65535; "eighty" is not\./);
  assert.match(said, /- WORKERS must be a whole number from 1 to 512; "0" is not\./);
  assert.equal(said.split('\n').length, 3, said);
});

test('TURN settings that do not fit together stop the start, without the secret', async () => {
  const secret = 'a-secret-of-the-tests-alone';
  const { code, said } = await failingStart({
    TURN_SHARED_SECRET: secret,
    TURN_HOST: 'turn.example.org',
    TURN_AUTH_TYPE: 'oauth',
  });
  assert.equal(code, 1);
  assert.match(said, /^Parley cannot start\. TURN_AUTH_TYPE is "oauth"/m);
  assert.doesNotMatch(said, /a-secret-of|\n\s+at /);
});

test('a port that is taken is named, and no worker is left behind', async (t) => {
  const squatter = createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  ownedBy(t).defer(() => void squatter.close());
  const { port } = squatter.address() as { port: number };
  const { code, said } = await failingStart({ PORT: String(port) });
  assert.equal(code, 1);
  assert.match(
    said,
    new RegExp(`^Parley cannot start\\. TCP port ${port} of .* \\(PORT\\) is in use`, 'm'),
  );
  assert.doesNotMatch(said, /\n\s+at /);
  await assert.rejects(TestServer.start({ MEDIA_PORT: String(port) }), (error: Error) => {
    assert.match(
      error.message,
      new RegExp(`Media port ${port} cannot be opened on 127\\.0\\.0\\.1`),
    );
    return true;
  });
});

/** Local addresses of the listening TCP sockets on this port (proc(5), /proc/net/tcp). */
function listenersOn(port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === '0A' && local?.endsWith(`:${hexPort}`))
      .map(([, local = '']) => local.split(':')[0] ?? ''),
  );
}

test('metrics are for this machine alone unless a port is set, and never stop the start', async (t) => {
  const unset = { METRICS_PORT: '' };
  const first = await startServer(t, { ...unset, HOST: '0.0.0.0' });
  assert.ok(
    listenersOn(9464).every((address) => address === '0100007F'),
    'only 127.0.0.1',
  );
  const second = await startServer(t, unset);
  assert.equal(second.app.metricsUrl, undefined);
  assert.ok(second.logLines.some((line) => line.includes('no metrics')));
  if (first.app.metricsUrl)
    assert.match(await (await fetch(first.app.metricsUrl)).text(), /parley_/);

  const port = await freeTcpPort();
  const set = await startServer(t, { METRICS_PORT: String(port) });
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  assert.match(await answer.text(), /^parley_resources\{kind="worker"\} 1$/m);
  assert.equal((await fetch(new URL('/metrics', set.url))).status, 404, 'not on the public port');
});

test('no secret of a whole call is in the log, at the most talkative level', async (t) => {
  const AUTH_TOKEN = 'an-auth-token-of-the-tests';
  const TURN_SHARED_SECRET = 'a-turn-secret-of-the-tests';
  const server = await startServer(
    t,
    { AUTH_TOKEN, TURN_SHARED_SECRET, TURN_HOST: 'turn.example.org' },
    { logLevel: 'trace' },
  );
  const authorization = `Bearer ${AUTH_TOKEN}`;
  const minted = await fetch(new URL('/api/rooms/team/tokens', server.url), {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: '{"role":"host"}',
  });
  const { token } = (await minted.json()) as { token: string };
  const ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team', { token });
  const text = 'the words of a private conversation';
  await ada.request('chat', { id: 'message-0001', text });
  assert.equal(
    await ada.outcome('chat', { id: 'message-0001', text: `${text}\u0000` }),
    'bad_message',
  );
  ada.socket.send(`{"id":7,"method":"resume","params":{"resumeSecret":"${joined.resumeSecret}"}`);
  const ben = await RawClient.open(t, server.signalingUrl);
  assert.equal(await ben.outcome('join', { room: 'other', name: 'Ben', token }), 'bad_message');
  await assert.rejects(ben.join('other', { token }), { code: 'token_wrong_room' });
  await ada.drop();
  const back = await RawClient.open(t, server.signalingUrl);
  await back.resume('team', joined, 1);
  await back.request('leave', {});
  const log = server.logLines.join('');
  assert.match(log, /session joined/);
  const turnPassword = joined.media.iceServers[0]?.credential ?? 'none';
  for (const [what, secret] of Object.entries({
    AUTH_TOKEN,
    TURN_SHARED_SECRET,
    token,
    resumeSecret: joined.resumeSecret,
    turnPassword,
    text,
  })) {
    assert.ok(!log.includes(secret), `${what} is in the log`);
  }
});

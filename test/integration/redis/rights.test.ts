// Rights: a Redis user that lacks one is told which at the start, and the page grants all there are.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import {
  ALL_COMMANDS,
  CLUSTER_COMMANDS,
  SCRIPT_COMMANDS,
} from '../../../server/cluster/redis/link/rights.ts';
import { loadConfig } from '../../../server/config/config.ts';
import { checkRedis } from '../../../server/doctor/checks/redis.ts';
import { admission } from '../../contract/suites/room-fixtures.ts';
import { RedisServer, RedisServers } from '../../support/cluster/redis.ts';
import { openRedis } from '../../support/cluster/redis-cluster.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const PREFIX = { keyPrefix: 'parley', connectTimeoutMs: 20_000 };
/** Far below the time that the start may wait: it is not waited for what does not come. */
const AT_ONCE_MS = 5_000;

/** The command of docs/deployment.md, as redis-cli takes it. */
function pageLine(): string[] {
  const page = readFileSync(path.join(ROOT, 'docs/deployment.md'), 'utf8');
  const [, text] = /redis-cli (ACL SETUSER parley (?:[^\n]*\\\n)*[^\n]*)\n/.exec(page) ?? [];
  assert.ok(text, 'the page has the line');
  return text.replaceAll(/\\\n/g, ' ').replaceAll("'", '').trim().split(/\s+/);
}

const LINE = pageLine();
const [PASSWORD = ''] = LINE.filter((word) => word.startsWith('>'));
const without = (...rules: string[]) => LINE.filter((word) => !rules.includes(word));

async function start(t: TestContext): Promise<RedisServer> {
  const server = await RedisServer.start();
  t.after(() => server.stop());
  return server;
}

const asParley = (url: string) =>
  url.replace('redis://', `redis://parley:${encodeURIComponent(PASSWORD.slice(1))}@`);

async function become(server: RedisServer, line: readonly string[]): Promise<void> {
  await server.cli('ACL', 'DELUSER', 'parley');
  assert.equal(await server.cli(...line), 'OK');
}

/** The sentence that the start ends with, or undefined when it does not end. */
async function refusal(url: string, options = {}): Promise<string | undefined> {
  try {
    const cluster = await openRedis(url, { ...PREFIX, ...options });
    await cluster.close();
    return undefined;
  } catch (error) {
    const { message } = error as Error;
    assert.match(message, /^[A-Z][^\n]*\.$/, 'one sentence');
    assert.doesNotMatch(message, /Your call goes on|user name or password/);
    assert.ok(!message.includes(PASSWORD.slice(1)), 'the password is shown');
    return message;
  }
}

function grantIn(sentence: string): string[] {
  const [, line] = /"(ACL SETUSER [^"]+)"/.exec(sentence) ?? [];
  assert.ok(line, sentence);
  return line.split(' ');
}

/** Some of each part: the bus, rooms, the TURN pool, nodes. */
async function useAll(url: string, options = {}): Promise<void> {
  const cluster = await openRedis(url, { ...PREFIX, ...options });
  try {
    await cluster.bus.serve('node-1', async () => 'answered');
    assert.equal(await cluster.bus.request('node-1', 'x', {}, { timeoutMs: 5_000 }), 'answered');
    await cluster.rooms.admit('team', admission('participant-1'));
    assert.ok(await cluster.rooms.snapshot('team'));
    assert.ok(await cluster.turn.read(undefined));
    assert.ok(await cluster.nodes.list());
  } finally {
    await cluster.close();
  }
}

test('the user of docs/deployment.md can start and hold a call, and may run only what is tried', async (t) => {
  const server = await start(t);
  await become(server, LINE);
  await useAll(asParley(server.url));
  const granted = LINE.filter((word) => word.startsWith('+')).map((word) => word.slice(1));
  assert.deepEqual(granted.toSorted(), ALL_COMMANDS.toSorted());
  assert.equal(await server.cli('KEYS', 'parley:rights:*'), '', 'trying left nothing behind');
});

test('every command of a script is tried', () => {
  const used = new Set<string>();
  for (const file of globSync('server/cluster/lua/**/*.lua', { cwd: ROOT })) {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/\bcall\('([A-Z]+)'/g)) used.add(name.toLowerCase());
  }
  assert.ok(used.size > 20);
  assert.deepEqual([...used].toSorted(), SCRIPT_COMMANDS.toSorted());
});

test('each command that is missing is named, and granting it is enough', async (t) => {
  const server = await start(t);
  for (const name of ALL_COMMANDS) {
    await become(server, without(`+${name}`));
    const startedAt = performance.now();
    const sentence = await refusal(asParley(server.url));
    assert.ok(sentence, `it started without ${name}`);
    assert.ok(performance.now() - startedAt < AT_ONCE_MS, `${name} was waited for`);
    const shown = name.toUpperCase().replace('|', ' ');
    assert.ok(sentence.includes(`parley has no right to run ${shown};`), `${name}: ${sentence}`);
    await server.cli(...grantIn(sentence));
    assert.equal(await refusal(asParley(server.url)), undefined, `${name}, granted`);
  }
});

test('missing channels and missing keys are named, each by itself and both', async (t) => {
  const server = await start(t);
  const rules = { channels: '&parley:*', keys: '~parley:*' };
  for (const missing of [['channels'], ['keys'], ['keys', 'channels']] as const) {
    const withheld = missing.map((kind) => rules[kind]);
    await become(server, without(...withheld));
    const sentence = (await refusal(asParley(server.url))) ?? 'it started';
    const what = missing.map((kind) => `to use the ${kind} parley:*`).join(' and ');
    assert.ok(sentence.includes(`has no right ${what};`), sentence);
    const granted = grantIn(sentence);
    for (const rule of withheld) assert.ok(granted.includes(rule), sentence);
    assert.ok(
      granted.every((word) => LINE.includes(word)),
      'nothing beyond the page',
    );
    await server.cli(...grantIn(sentence));
    assert.equal(await refusal(asParley(server.url)), undefined);
  }
});

test('rights to another prefix are none, and keys that can only be read are not enough', async (t) => {
  const server = await start(t);
  await become(server, LINE);
  const other = await refusal(asParley(server.url), { keyPrefix: 'other' });
  assert.match(other ?? '', /the keys other:\* and to use the channels other:\*;/);
  await become(server, [...without('~parley:*'), '%R~parley:*']);
  assert.match((await refusal(asParley(server.url))) ?? '', /to use the keys parley:\*;/);
});

test('a user without any right, and the default user: one grant is enough', async (t) => {
  const server = await start(t);
  await become(server, ['ACL', 'SETUSER', 'parley', 'on', PASSWORD, 'resetchannels']);
  const sentence = await refusal(asParley(server.url));
  await server.cli(...grantIn(sentence ?? ''));
  await useAll(asParley(server.url));
  await server.cli('ACL', 'SETUSER', 'default', '-spublish');
  assert.match((await refusal(server.url)) ?? '', /ACL SETUSER default \+spublish"/);
});

test('a database number needs the right to select it', async (t) => {
  const server = await start(t);
  await become(server, LINE);
  const sentence = await refusal(`${asParley(server.url)}/3`);
  assert.match(sentence ?? '', /no right to run SELECT;/);
  await become(server, [...LINE, '+select']);
  await useAll(`${asParley(server.url)}/3`);
});

test('each server of a Redis Cluster is tried: the one that withholds something is named', async (t) => {
  const servers = await RedisServers.start();
  t.after(() => servers.stop());
  const full = [...LINE, ...CLUSTER_COMMANDS.map((name) => `+${name}`)];
  for (const server of servers.nodes) await become(server, full);
  await useAll(asParley(servers.url));
  for (const rule of ['+rpush', '&parley:*', '~parley:*']) {
    for (const server of servers.nodes) {
      await become(
        server,
        full.filter((word) => word !== rule),
      );
      const sentence = await refusal(asParley(servers.url));
      assert.ok(sentence?.includes(`127.0.0.1:${server.port} `), `${rule}: ${sentence}`);
      assert.ok(grantIn(sentence ?? '').includes(rule), sentence);
      await become(server, full);
    }
  }
  for (const name of CLUSTER_COMMANDS) {
    await become(
      servers.first,
      full.filter((word) => word !== `+${name}`),
    );
    const sentence = await refusal(asParley(servers.url));
    assert.ok(sentence?.includes(`+${name}`), `${name}: ${sentence}`);
    await become(servers.first, full);
  }
});

test('web and sfu-rtc end at once with the sentence, and parley doctor says the same', async (t) => {
  const server = await start(t);
  await become(server, without('&parley:*'));
  const url = asParley(server.url);
  for (const entry of ['web', 'sfu-rtc']) {
    const { code, output } = await runEntry(entry, url);
    assert.notEqual(code, 0, entry);
    assert.match(output, /to use the channels parley:\*; .*ACL SETUSER parley &parley:\*/);
    assert.doesNotMatch(output, /Your call goes on/);
  }
  const { verdict } = await checkRedis(loadConfig({ REDIS_URL: url }).store);
  assert.deepEqual([verdict.state, verdict.cause], ['failed', 'missing_rights']);
  assert.match(verdict.detail, /to use the channels parley:\*/);
  assert.match(verdict.remedy ?? '', /ACL SETUSER parley &parley:\*/);
  await become(server, LINE);
  const better = await checkRedis(loadConfig({ REDIS_URL: url }).store);
  assert.equal(better.verdict.state, 'ok', better.verdict.detail);
});

function runEntry(entry: string, url: string): Promise<{ code: unknown; output: string }> {
  const env = { ...process.env, REDIS_URL: url, PORT: '0', AUTH_TOKEN: 'only-for-this-test' };
  const options = { cwd: ROOT, env, timeout: DEADLINES.serverReady };
  return new Promise((resolve) => {
    execFile(process.execPath, [`server/entries/${entry}.ts`], options, (error, out, err) => {
      resolve({ code: error?.code ?? 0, output: out + err });
    });
  });
}

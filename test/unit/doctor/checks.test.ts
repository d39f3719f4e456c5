// Single checks of the doctor against real sockets, and how it is called.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { doctorArguments } from '../../../server/cli/doctor-arguments.ts';
import { UsageError } from '../../../server/cli/usage.ts';
import { loadConfig } from '../../../server/config/config.ts';
import {
  checkHttpPort,
  checkMediaPorts,
  checkPipePorts,
} from '../../../server/doctor/checks/ports.ts';
import { checkRedis } from '../../../server/doctor/checks/redis.ts';
import { checkStorage } from '../../../server/doctor/checks/storage.ts';
import { checkWeb } from '../../../server/doctor/checks/web.ts';
import { jsonOf, linesOf, summaryOf } from '../../../server/doctor/report.ts';
import { SUBPROTOCOL } from '../../../shared/protocol/protocol.ts';
import { freePort, freeTcpPort } from '../../support/network/ports.ts';

const HOST = '127.0.0.1';

async function webServer(
  context: TestContext,
  { status = 200, clockMs = 0 } = {},
): Promise<number> {
  const server = createServer((_, response) => {
    response.sendDate = false;
    response.writeHead(status, { date: new Date(Date.now() + clockMs).toUTCString() }).end('{}');
  }).listen(0, HOST);
  const sockets = new WebSocketServer({ server, handleProtocols: () => SUBPROTOCOL });
  context.after(() => void sockets.close());
  await once(server, 'listening');
  context.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test('a port that somebody else has is named, with its holder', async (context) => {
  const port = await webServer(context);
  const taken = await checkHttpPort({ ...loadConfig({}).http, host: HOST, port });
  assert.deepEqual([taken.verdict.state, taken.verdict.cause], ['failed', 'port_in_use']);
  assert.match(taken.verdict.detail, new RegExp(`process ${process.pid}`));
  assert.deepEqual([taken.free, taken.running], [false, false]);
  const free = await checkHttpPort({
    ...loadConfig({}).http,
    host: HOST,
    port: await freeTcpPort(),
  });
  assert.deepEqual([free.verdict.state, free.free], ['ok', true]);
});

test('media ports are tried by every protocol, on every address', async (context) => {
  const protocols = ['udp', 'tcp'] as const;
  const port = await freePort();
  const free = await checkMediaPorts({ port, protocols }, [HOST], 1);
  assert.deepEqual([free.verdict.state, free.free], ['ok', true]);
  const socket = createSocket('udp4').bind(port, HOST);
  context.after(() => void socket.close());
  await once(socket, 'listening');
  const taken = await checkMediaPorts({ port, protocols }, [HOST], 1);
  assert.equal(taken.verdict.cause, 'port_in_use');
  const elsewhere = await checkMediaPorts({ port, protocols }, ['203.0.113.77'], 1);
  assert.equal(elsewhere.verdict.cause, 'address_not_ours');
  const any = await checkMediaPorts({ port: undefined, protocols }, [HOST], 1);
  assert.equal(any.verdict.state, 'ok');
});

test('pipe ports have to be mostly free', async () => {
  const pipePorts = { min: 62_000, max: 62_400 };
  const { state, detail } = await checkPipePorts({ pipePorts, pipeAddress: undefined }, HOST);
  assert.equal(state, 'ok', detail);
  const none = await checkPipePorts({ pipePorts: undefined, pipeAddress: undefined }, HOST);
  assert.equal(none.state, 'skipped');
});

test('a Redis that cannot be reached is reported without its password', async () => {
  const url = `redis://user:a-password@${HOST}:${await freeTcpPort()}`;
  const { verdict } = await checkRedis(loadConfig({ REDIS_URL: url }).store);
  assert.deepEqual([verdict.state, verdict.cause], ['failed', 'unreachable']);
  assert.ok(!verdict.detail.includes('a-password'));
});

test('a folder that cannot be written to is reported', async () => {
  assert.equal((await checkStorage({ XDG_CACHE_HOME: '/proc' })).state, 'failed');
  assert.notEqual((await checkStorage({ XDG_CACHE_HOME: '/tmp' })).state, 'failed');
});

test('the page is tried, and its clock is read', async (context) => {
  const ok = await checkWeb(`http://${HOST}:${await webServer(context, { clockMs: -7_200_000 })}`);
  assert.equal(ok.verdict.state, 'ok');
  assert.ok(ok.clock && Math.abs(ok.clock.offsetMs - 7_200_000) < 3_000);
  const ill = await checkWeb(`http://${HOST}:${await webServer(context, { status: 404 })}`);
  assert.equal(ill.verdict.cause, 'not_healthy');
  assert.equal(
    (await checkWeb(`http://${HOST}:${await freeTcpPort()}`)).verdict.cause,
    'unreachable',
  );
  assert.equal(
    (await checkWeb(`https://${HOST}:${await webServer(context)}`)).verdict.state,
    'failed',
  );
  assert.equal((await checkWeb(undefined)).verdict.state, 'skipped');
});

test('arguments are read, and others refused', () => {
  const url = 'https://call.example.org';
  assert.deepEqual(doctorArguments([]), { url: undefined, json: false });
  assert.deepEqual(doctorArguments(['--json', '--url', url]), { url, json: true });
  assert.deepEqual(doctorArguments([`--url=${url}`]), { url, json: false });
  for (const args of [
    ['--url'],
    ['--url', 'x'],
    ['--jsn'],
    ['--json=1'],
    ['x'],
    ['--url=ftp://x'],
  ]) {
    assert.throws(() => doctorArguments(args), UsageError, args.join(' '));
  }
});

test('the report names cause and remedy, for people and for scripts', () => {
  const finding = {
    ...({ check: 'turn', subject: 'turn:a', state: 'failed', cause: 'turn_down' } as const),
    ...{ detail: 'It is down.', remedy: 'Start it.' },
  };
  assert.deepEqual(linesOf(finding), [
    '✗ turn turn:a: It is down.',
    '    cause:  turn_down',
    '    remedy: Start it.',
  ]);
  assert.deepEqual(JSON.parse(jsonOf([finding], 12.3)), {
    ...{ ok: false, durationMs: 12, findings: [finding] },
  });
  assert.equal(summaryOf([finding]), '1 wrong, 0 to look at.');
  assert.equal(summaryOf([{ check: 'web', state: 'ok', detail: '' }]), 'All is well.');
});

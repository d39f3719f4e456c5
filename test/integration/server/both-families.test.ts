// HOST: both families by default, and the health check of the container finds the server wherever it listens.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../../server/config/config.ts';
import { listenHost } from '../../../server/telemetry/listen-host.ts';
import { localUrls } from '../../../server/telemetry/local-url.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';

const HEALTH = fileURLToPath(new URL('../../../server/entries/health.ts', import.meta.url));

/** @returns the exit code of the container's health check */
function health(env: Record<string, string>): Promise<number> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [HEALTH], { env: { PATH: process.env.PATH, ...env } });
    child.once('exit', (code) => resolve(code ?? -1));
  });
}

test('by default the page and its socket are reached by IPv4 and by IPv6', async (t) => {
  const server = await startServer(t, { HOST: '' });
  const { port } = new URL(server.url);
  for (const host of ['127.0.0.1', '[::1]', 'localhost']) {
    const base = `http://${host}:${port}`;
    assert.equal((await fetch(`${base}/healthz`)).status, 200, base);
    const origin = { origin: base };
    const client = await RawClient.open(t, `ws://${host}:${port}/signaling`, origin);
    assert.ok((await client.join('team')).participantId, base);
  }
});

for (const HOST of ['', '127.0.0.1', '::1', '0.0.0.0', 'localhost']) {
  test(`HOST=${HOST || '(unset)'}: the health check of the container finds the server`, async (t) => {
    const server = await startServer(t, { HOST });
    const { port: PORT } = new URL(server.app.url);
    assert.equal(await health({ HOST, PORT }), 0);
    await server.app.close();
    assert.equal(await health({ HOST, PORT }), 1, 'nobody is there any more');
  });
}

test('without IPv6 the default is IPv4, and any other error is thrown unchanged', async () => {
  for (const code of ['EAFNOSUPPORT', 'EADDRNOTAVAIL']) {
    assert.equal(await listenHost('::', async () => code), '0.0.0.0', code);
  }
  assert.equal(await listenHost('::', async () => 'EMFILE'), '::');
  assert.equal(await listenHost('::', async () => undefined), '::');
  for (const host of ['127.0.0.1', '::1', '0.0.0.0', 'call.example.org']) {
    assert.equal(await listenHost(host, async () => assert.fail('it tried')), host);
  }
});

test('how this machine reaches the server follows from HOST', () => {
  const at = (HOST: string, names = false) =>
    localUrls(loadConfig({ HOST, PORT: '3000' }).http, { names });
  assert.deepEqual(at(''), ['http://127.0.0.1:3000/', 'http://[::1]:3000/']);
  assert.deepEqual(at('0.0.0.0'), ['http://127.0.0.1:3000/']);
  assert.deepEqual(at('::1'), ['http://[::1]:3000/']);
  assert.deepEqual(at('10.1.2.3'), ['http://10.1.2.3:3000/']);
  for (const host of ['', '0.0.0.0', '127.0.0.1']) {
    assert.deepEqual(at(host, true), ['http://localhost:3000/']);
  }
});

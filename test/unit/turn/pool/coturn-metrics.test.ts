// How the metrics of a coturn are asked for.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { readTurnLoad } from '../../../../server/turn/pool/coturn-metrics.ts';

const TIMEOUT_MS = 3_000;

test('a user in the address is sent as Basic, and not as part of the address', async (context) => {
  const asked: (string | undefined)[][] = [];
  const server = createServer(({ url, headers }, response) => {
    asked.push([url, headers.authorization]);
    response.end('turn_total_allocations{type="UDP"} 7\n');
  }).listen(0, '127.0.0.1');
  context.after(() => void server.close());
  await once(server, 'listening');
  const at = `127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
  const users = ['', 'user:pa%40ss@', 'user:100%@', 'user@', ':pass@'];
  for (const user of users) {
    assert.equal((await readTurnLoad(`http://${user}${at}`, TIMEOUT_MS)).allocations, 7);
  }
  const pairs = asked.map(([, said]) => said && Buffer.from(said.slice(6), 'base64').toString());
  assert.deepEqual(pairs, [undefined, 'user:pa@ss', 'user:100%', 'user:', ':pass']);
  for (const [url, said = 'Basic '] of asked) {
    assert.equal(url, '/metrics');
    assert.ok(said.startsWith('Basic '));
  }
});

test('what fails does not repeat the password', async () => {
  for (const at of ['127.0.0.1:1/', '[::/', '127.0.0.1:99999/']) {
    const error = await readTurnLoad(`http://user:pass-word@${at}`, TIMEOUT_MS).catch((e) => e);
    assert.ok(error instanceof Error);
    assert.ok(!`${error.message} ${error.cause}`.includes('pass-word'));
  }
});

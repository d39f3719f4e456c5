// What an open socket keeps: its session, and nothing of how it was opened.
import assert from 'node:assert/strict';
import { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { queryObjects } from 'node:v8';
import { until } from '../../support/process/until.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';

const SOCKETS = 20;

test('the request of a handshake does not stay in memory as long as its socket', async (t) => {
  const server = await startServer(t);
  const before = queryObjects(ServerResponse, { format: 'count' });
  for (let n = 0; n < SOCKETS; n++) {
    const client = await RawClient.open(t, server.signalingUrl);
    await client.join('team');
  }
  await until('the requests to be gone', () => {
    const more = queryObjects(ServerResponse, { format: 'count' }) - before;
    assert.ok(more < SOCKETS / 4, `${more} responses of ${SOCKETS} handshakes are in memory`);
  });
  assert.equal(server.counts().socket, SOCKETS);
});

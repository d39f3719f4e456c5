// A socket opened when somebody reaches for "Join": used by the join, or closed unused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Socket } from '../../../../client/sdk/link/socket.ts';
import { preconnect } from '../../../../client/sdk/link/warm-socket.ts';
import { until } from '../../../support/process/until.ts';
import { scriptedServer } from '../../../support/sdk/scripted-server.ts';

const LISTENER = { onEvent: () => {}, onSize: () => {}, onLost: () => {} };
/** Longer than an unused socket is kept, shorter than a server waits for its join. */
const TOO_LONG_MS = 9_000;

test('a join takes the socket that is open already', async (t) => {
  const server = await scriptedServer(t);
  preconnect(server.url);
  preconnect(server.url);
  await until('a socket is open', () => assert.equal(server.connections.length, 1));
  const socket = await Socket.open(server.url, LISTENER);
  t.after(() => socket.close());
  await socket.request('ping', {});
  assert.equal(server.connections.length, 1);
});

test('a warm socket that the server has closed is replaced', async (t) => {
  const server = await scriptedServer(t);
  preconnect(server.url);
  await until('a socket is open', () => assert.equal(server.connections.length, 1));
  server.connections[0]?.drop();
  await until('reaching for Join again opens another', () => {
    preconnect(server.url);
    assert.equal(server.connections.length, 2);
  });
  const socket = await Socket.open(server.url, LISTENER);
  t.after(() => socket.close());
  await socket.request('ping', {});
});

test('an unused socket is closed before the server would do it', async (t) => {
  const { promise: opened, resolve: onOpened } = Promise.withResolvers<void>();
  const server = await scriptedServer(t, undefined, () => onOpened());
  t.mock.timers.enable({ apis: ['setTimeout'] });
  preconnect(server.url);
  await opened;
  t.mock.timers.tick(TOO_LONG_MS);
  t.mock.timers.reset();
  const socket = await Socket.open(server.url, LISTENER);
  t.after(() => socket.close());
  await until('the join has one of its own', () => assert.equal(server.connections.length, 2));
});

// The relay passes bytes on in order, adds its delay, and breaks connections on request.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { until } from '../process/until.ts';
import { startRelay } from './relay.ts';

async function echoServer() {
  const server = createServer((_request, response) => response.end('x'.repeat(1_000_000)));
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

test('a large answer arrives whole', async () => {
  await using server = await echoServer();
  await using relay = await startRelay(server.url, { delayMs: 2 });
  const text = await (await fetch(relay.url)).text();
  assert.equal(text.length, 1_000_000);
});

test('a round trip takes twice the delay', async () => {
  await using server = await echoServer();
  await using relay = await startRelay(server.url, { delayMs: 40 });
  const socket = new WebSocket(relay.url);
  await once(socket, 'open');
  const sentAt = performance.now();
  socket.send('1');
  socket.send('2');
  const [first] = (await once(socket, 'message')) as [Buffer];
  assert.equal(String(first), '1');
  // Timers count in whole milliseconds and may fire one early.
  assert.ok(performance.now() - sentAt >= 78);
  socket.terminate();
});

test('cut connections end, new ones are refused, and mended ones work', async () => {
  await using server = await echoServer();
  await using relay = await startRelay(server.url);
  const socket = new WebSocket(relay.url);
  await once(socket, 'open');
  assert.equal(relay.connections, 1);

  const closed = once(socket, 'close');
  socket.on('error', () => {});
  relay.cut();
  await closed;
  await until('the relay to forget the connection', () => assert.equal(relay.connections, 0));
  await assert.rejects(fetch(relay.url));
  assert.equal(relay.refused, 1);

  relay.mend();
  assert.equal((await fetch(relay.url)).status, 200);
});

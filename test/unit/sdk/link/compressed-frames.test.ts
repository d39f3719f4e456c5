// Large frames of the server arrive compressed: they are read in the order in which they were sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { features } from '../../../../client/sdk/link/compression.ts';
import { Socket } from '../../../../client/sdk/link/socket.ts';
import { ParleyError } from '../../../../shared/errors.ts';
import { CLOSE_CODES, eventFrame } from '../../../../shared/protocol/protocol.ts';
import { errorBody } from '../../../../shared/protocol/rpc.ts';
import { until } from '../../../support/process/until.ts';
import { scriptedServer } from '../../../support/sdk/scripted-server.ts';

const speakersOf = (count: number) =>
  eventFrame('speakers', {
    speakers: Array.from({ length: count }, (_, n) => ({
      participantId: `participant-${n}`,
      volume: -n % 100,
    })),
  });

test('frames are read in the order in which they were sent, compressed or not', async (t) => {
  const counts: number[] = [];
  const server = await scriptedServer(t, ({ id }, connection) => {
    connection.atOnce(() => {
      connection.bytes(deflateSync(speakersOf(2_000)));
      connection.raw(speakersOf(1));
      connection.bytes(deflateSync(speakersOf(3)));
      connection.reply(id, {});
      connection.raw(speakersOf(2));
    });
  });
  const socket = await Socket.open(server.url, {
    onEvent: (_, data) => counts.push('speakers' in data ? data.speakers.length : -1),
    onSize: () => {},
    onLost: () => {},
  });
  t.after(() => socket.close());
  await socket.request('ping', {});
  assert.deepEqual(counts, [2_000, 1, 3]);
  await until('the last event', () => assert.deepEqual(counts, [2_000, 1, 3, 2]));
});

test('a socket that the server closes right after a large frame has read all of it before it is lost', async (t) => {
  const seen: string[] = [];
  const server = await scriptedServer(t, (_, connection) => {
    const error = errorBody(new ParleyError('session_replaced'));
    connection.bytes(deflateSync(speakersOf(5_000)));
    connection.sendEvent('bye', { error, reconnect: false });
    connection.close(CLOSE_CODES.sessionEnded);
  });
  const socket = await Socket.open(server.url, {
    onEvent: (event) => seen.push(event),
    onSize: () => {},
    onLost: () => seen.push('lost'),
  });
  await assert.rejects(socket.request('ping', {}), { code: 'unreachable' });
  assert.deepEqual(seen, ['speakers', 'bye', 'lost']);
});

test('bytes that are no frame end the socket, as an unreadable text does', async (t) => {
  t.mock.method(console, 'error', () => {});
  const server = await scriptedServer(t, (_, connection) => connection.bytes(Buffer.from('junk')));
  const socket = await Socket.open(server.url, {
    onEvent: () => {},
    onSize: () => {},
    onLost: () => {},
  });
  await assert.rejects(socket.request('ping', {}), { code: 'unreachable' });
  assert.ok(socket.closed);
});

test('a client says that it inflates where it can', () => {
  assert.ok(features().includes('deflate'));
});

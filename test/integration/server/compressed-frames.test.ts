// Large frames are compressed for clients that say that they inflate them, and for nobody else; nothing that a client
// sends is ever inflated.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const FROM = 4_096;
const ENV = { COMPRESS_FROM_BYTES: String(FROM) };

test('the answer of a join is compressed for a client that inflates, and is the same', async (t) => {
  const server = await startServer(t, ENV);
  const ada = await RawClient.open(t, server.signalingUrl);
  const { media } = await ada.join('team', { name: 'Ada' });
  for (let n = 0; n < 6; n++) await ada.request('publish', publication(media.epoch));
  const plain = await RawClient.open(t, server.signalingUrl);
  const small = await RawClient.open(t, server.signalingUrl);
  const whole = await plain.join('team', { name: 'Ben', features: ['packed'] });
  const same = await small.join('team', { name: 'Cem', features: ['packed', 'deflate'] });
  assert.deepEqual([plain.inflated, small.inflated], [0, 1]);
  assert.ok(plain.bytes >= FROM);
  assert.ok(small.bytes * 2 < plain.bytes, `${small.bytes} of ${plain.bytes} bytes`);
  assert.deepEqual(same.snapshot.tracks, whole.snapshot.tracks);
  assert.equal(same.media.packed?.consumers.length, whole.media.packed?.consumers.length);
});

test('small frames are sent as text, also to a client that inflates', async (t) => {
  const server = await startServer(t, { COMPRESS_FROM_BYTES: '1000000' });
  const ada = await RawClient.open(t, server.signalingUrl);
  await ada.join('team', { features: ['deflate'] });
  assert.equal(ada.inflated, 0);
});

test('a client that resumes says anew whether it inflates', async (t) => {
  const server = await startServer(t, { COMPRESS_FROM_BYTES: '1024' });
  const ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team', { features: ['deflate'] });
  assert.equal(ada.inflated, 1);
  const older = await RawClient.open(t, server.signalingUrl);
  await older.resume('team', joined, joined.snapshot.version);
  assert.equal(older.inflated, 0);
});

test('compression of the socket itself is not agreed on, and a compressed message of a client is not inflated', async (t) => {
  const server = await startServer(t, ENV);
  const ada = await RawClient.open(t, server.signalingUrl, { perMessageDeflate: { threshold: 0 } });
  assert.equal(ada.socket.extensions, '', 'the client has offered it');
  await ada.join('team', { features: ['deflate'] });
  // A hundred megabytes in a hundred kilobytes: it is refused as it is.
  ada.socket.send(deflateSync(Buffer.alloc(100 * 2 ** 20)).subarray(0, 60_000));
  await ada.settled();
  assert.deepEqual(
    ada.refusals.map(({ code }) => code),
    ['bad_message'],
  );
  assert.equal(ada.socket.readyState, WebSocket.OPEN);
});

// What bench:media writes for its contenders: the published packets, and the configuration of Janus.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { janusFiles } from '../../../bench/media/contenders/janus-config.ts';
import { difference } from '../../../bench/media/cpu-meter.ts';
import { Picture } from '../../../bench/media/picture.ts';
import { readRtp } from '../../../client/load/rtp/packet.ts';
import { readStamp } from '../../../client/load/rtp/stamp.ts';

const RUN = 77;

test('every packet of the picture has the size that was asked for, and its time of sending', () => {
  for (const bytes of [28, 1_000, 1_150]) {
    const picture = new Picture({ run: RUN, bytes });
    for (let n = 0; n < 20; n++) {
      const packet = readRtp(picture.next(n * 5, 1_000 + n));
      assert.equal(packet?.payload.length, bytes);
      assert.equal(packet && readStamp(packet.payload, RUN), 1_000 + n);
    }
  }
});

test('frames are of eight packets; the first is a key frame, and so is one that was requested', () => {
  const picture = new Picture({ run: RUN, bytes: 1_000 });
  const frame = () =>
    Array.from({ length: 8 }, (_, index) => {
      const packet = readRtp(picture.next(0, 0));
      assert.ok(packet);
      const [descriptor = 0] = packet.payload;
      return {
        begins: (descriptor & 0x10) !== 0,
        // The lowest bit of the frame's header is 0 in a key frame (RFC 6386 §9.1).
        isKey: index === 0 && ((packet.payload[6] ?? 1) & 1) === 0,
        ends: packet.marker,
      };
    });
  const shape = (isKey: boolean) =>
    Array.from({ length: 8 }, (_, index) => ({
      begins: index === 0,
      isKey: index === 0 && isKey,
      ends: index === 7,
    }));
  assert.deepEqual(frame(), shape(true));
  assert.deepEqual(frame(), shape(false));
  picture.requestKeyFrame();
  assert.deepEqual(frame(), shape(true));
  assert.deepEqual(frame(), shape(false));
});

test('Janus listens on loopback alone, and needs a key for everything', () => {
  const files = janusFiles({
    port: 8_188,
    adminSecret: 'an-admin-secret',
    apiSecret: 'an-api-secret',
    roomAdminKey: 'a-room-key',
  });
  const main = files['janus.jcfg'] ?? '';
  assert.match(main, /admin_secret = "an-admin-secret"/);
  assert.match(main, /api_secret = "an-api-secret"/);
  assert.match(main, /disable = "libjanus_http\.so,/);
  assert.match(main, /session_timeout = 0\n/);
  const sockets = files['janus.transport.websockets.jcfg'] ?? '';
  assert.match(sockets, /ws_ip = "127\.0\.0\.1"/);
  assert.match(sockets, /ws_port = 8188\n/);
  assert.match(sockets, /admin_ws = false/);
  assert.match(files['janus.plugin.videoroom.jcfg'] ?? '', /admin_key = "a-room-key"/);
});

test('the CPU time of a process is that of its threads, new ones included', () => {
  const before = new Map([
    ['1', 100],
    ['2', 50],
  ]);
  const after = new Map([
    ['1', 130],
    ['3', 7],
  ]);
  assert.equal(difference(before, after), 37);
});

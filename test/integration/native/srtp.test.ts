// The worker's SRTP against an implementation of its own, in every crypto suite and direction.
//
// The worker is compiled against another libsrtp than it is written for (native/build/compat/srtp.h);
// these tests are what that header has to answer to.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as mediasoup from 'mediasoup';
import { provisionWorker } from '../../../native/provision.ts';
import { until } from '../../support/process/until.ts';
import * as wire from './rtp.ts';
import { PROFILES, SUITES } from './srtp-peer.ts';
import { newSsrc, openScene, type Scene } from './srtp-scene.ts';

const { payloadOf, rtp, sequenceOf, ssrcOf } = wire;
/** What the worker asks libsrtp for (worker/src/RTC/SrtpSession.cpp). */
const REPLAY_WINDOW = 1_024;
/** Around the block size of AES, and about as long as packets are on the internet. */
const LENGTHS = [0, 1, 13, 14, 15, 16, 17, 1_200, 1_400];
/** Below the 2^15 that SRTP can follow (RFC 3711 section 3.3.1); four of them pass 2^16 once. */
const JUMP = 20_000;

let worker: mediasoup.types.Worker;
let router: mediasoup.types.Router;

before(async () => {
  const { path } = await provisionWorker({ log: () => {} });
  worker = await mediasoup.createWorker({ workerBin: path });
  worker.on('died', (error) => assert.fail(error));
  router = await worker.createRouter({ mediaCodecs: [wire.VP8] });
});

after(async () => {
  const ended = new Promise<void>((resolve) => worker.once('subprocessclose', resolve));
  worker.close();
  await ended;
});

for (const suite of SUITES) {
  describe(suite, () => {
    const profile = PROFILES[suite];
    let scene: Scene;
    before(async () => {
      scene = await openScene(router, suite);
    });
    after(() => scene.close());

    test('RTP from the peer arrives as it was, whatever its length', async () => {
      const ssrc = newSsrc();
      await scene.produceInward(ssrc);
      for (const [index, bytes] of LENGTHS.entries()) {
        const packet = rtp(ssrc, 100 + index, bytes);
        scene.sendSecure(scene.toWorker.protectRtp(packet));
        await scene.viewed(packet);
      }
    });

    test('RTP to the peer is encrypted and carries the tag the suite asks for', async () => {
      for (const [index, bytes] of LENGTHS.entries()) {
        const packet = rtp(scene.outwardSsrc, 200 + index, bytes);
        scene.sendSource(packet);
        const secured = await scene.secured(packet);
        const encryptedBytes = payloadOf(secured).length - profile.rtpTagBytes;
        assert.equal(encryptedBytes, payloadOf(packet).length);
        assert.equal(ssrcOf(secured), scene.consumerSsrc);
        const clear = payloadOf(packet).subarray(0, 64);
        if (bytes >= 15) assert.ok(!secured.includes(clear), 'the payload is in the clear');
      }
    });

    test('the sequence number from the peer may wrap', async () => {
      const ssrc = newSsrc();
      await scene.produceInward(ssrc);
      for (let index = 65_530; index <= 65_542; index += 1) {
        const packet = rtp(ssrc, index);
        scene.sendSecure(scene.toWorker.protectRtp(packet, index >> 16));
        await scene.viewed(packet);
      }
    });

    test('the sequence number to the peer may wrap', async () => {
      const own = await openScene(router, suite);
      try {
        // The worker chooses where its numbers start, so go round once. Its receiving and its
        // sending side each believe a jump only of two packets in a row (RFC 3550 appendix A.1).
        const sequences: number[] = [];
        for (let index = 0; index <= 4 * JUMP; index += JUMP) {
          const [first, second, packet] = [0, 1, 2].map((n) => rtp(own.outwardSsrc, index + n));
          for (const each of [first!, second!, packet!]) own.sendSource(each);
          sequences.push(sequenceOf(await own.secured(packet!, 1)));
        }
        const wraps = sequences.filter((sequence, i) => sequence < (sequences[i - 1] ?? 0));
        assert.equal(wraps.length, 1, `${sequences}`);
      } finally {
        own.close();
      }
    });

    test('a packet that was tampered with is dropped, the next one is not', async () => {
      const ssrc = newSsrc();
      await scene.produceInward(ssrc);
      const packets = Array.from({ length: 4 }, (_, index) => rtp(ssrc, 300 + index));
      const [first, second, third, last] = packets.map((p) => scene.toWorker.protectRtp(p));
      scene.sendSecure(first!);
      await scene.viewed(packets[0]!);
      second![20]! ^= 1;
      third![third!.length - 1]! ^= 1;
      for (const packet of [second!, third!, last!]) scene.sendSecure(packet);
      await scene.viewed(packets[3]!);
      assert.deepEqual(packets.map(scene.timesViewed), [1, 0, 0, 1]);
      // The forgery has not used up the number of the real one.
      scene.sendSecure(scene.toWorker.protectRtp(packets[1]!));
      await scene.viewed(packets[1]!);
    });

    test('every truncation of a packet is survived, and none is delivered', async () => {
      const ssrc = newSsrc();
      await scene.produceInward(ssrc);
      const secured = scene.toWorker.protectRtp(rtp(ssrc, 400));
      const report = scene.toWorker.protectRtcp(wire.pli(ssrc), 400);
      for (const whole of [secured, report]) {
        for (let length = 0; length < whole.length; length += 1) {
          scene.sendSecure(whole.subarray(0, length));
        }
      }
      const next = rtp(ssrc, 401);
      scene.sendSecure(scene.toWorker.protectRtp(next));
      const { length } = await scene.viewed(next);
      const fromThisStream = scene.viewer.received.filter((got) => got.length === length);
      assert.equal(fromThisStream.filter((got) => sequenceOf(got) === 400).length, 0);
    });

    test('a replayed packet is delivered once, within the window and beyond it', async () => {
      const ssrc = newSsrc();
      const { producer } = await scene.produceInward(ssrc);
      const base = 500;
      const packets = Array.from({ length: REPLAY_WINDOW + 2 }, (_, i) => rtp(ssrc, base + i, 10));
      const secured = packets.map((packet) => scene.toWorker.protectRtp(packet));
      const inWindow = 2;
      // The first is never sent in time, another one within the window neither.
      for (const [index, packet] of secured.entries()) {
        if (index === 0 || index === inWindow) continue;
        scene.sendSecure(packet);
        // The socket's buffer is smaller than the window.
        if (index % 64 === 0) await scene.viewed(packets[index]!);
      }
      await scene.viewed(packets.at(-1)!);
      const accepted = async () => (await producer.getStats())[0]!.packetCount;
      const before = await accepted();

      scene.sendSecure(secured.at(-1)!);
      scene.sendSecure(secured.at(-2)!);
      scene.sendSecure(secured[0]!);
      scene.sendSecure(secured[inWindow]!);
      await scene.viewed(packets[inWindow]!);
      assert.equal(await accepted(), before + 1, 'more than the late packet was accepted');
      assert.equal(scene.timesViewed(packets.at(-1)!), 1);
      assert.equal(scene.timesViewed(packets[0]!), 0);
    });

    test('a closed producer’s SSRC starts afresh when it is used again', async () => {
      const ssrc = newSsrc();
      const first = await scene.produceInward(ssrc);
      const late = rtp(ssrc, 60_000);
      scene.sendSecure(scene.toWorker.protectRtp(late));
      await scene.viewed(late);
      first.producer.close();
      await scene.produceInward(ssrc);
      // With the old stream's state, the number would have wrapped and the tag been wrong.
      const early = rtp(ssrc, 10);
      scene.sendSecure(scene.toWorker.protectRtp(early));
      await scene.viewed(early);
    });

    test('a NACK has the packet sent again under its number', async () => {
      const packet = rtp(scene.outwardSsrc, 700);
      scene.sendSource(packet);
      const secured = await scene.secured(packet);
      const lost = wire.nack(scene.consumerSsrc, sequenceOf(secured));
      scene.sendSecure(scene.toWorker.protectRtcp(lost, 1));
      await until('the packet to come twice', () => assert.equal(scene.timesSecured(packet), 2));
    });

    test('a PLI from the peer reaches the source, in the clear', async () => {
      scene.sendSecure(scene.toWorker.protectRtcp(wire.pli(scene.consumerSsrc), 2));
      const asked = await scene.source.first(
        'the PLI at the source',
        (got) => wire.isRtcp(got) && wire.rtcpTypes(got).includes(wire.PAYLOAD_FEEDBACK),
      );
      assert.equal(ssrcOf(asked), scene.outwardSsrc);
    });

    test('RTCP to the peer has its full tag and reports both directions', async () => {
      const ssrc = newSsrc();
      const { viewedSsrc } = await scene.produceInward(ssrc);
      const packet = rtp(ssrc, 800);
      scene.sendSecure(scene.toWorker.protectRtp(packet));
      await scene.viewed(packet);
      scene.sendViewer(wire.pli(viewedSsrc));
      await until('a PLI and a sender report at the peer', () => {
        const seen = new Set(scene.rtcpAtPeer().flatMap(wire.rtcpTypes));
        assert.ok(seen.has(wire.PAYLOAD_FEEDBACK), `only ${[...seen]} came`);
        assert.ok(seen.has(wire.SENDER_REPORT), `only ${[...seen]} came`);
      });
      // The PLI is alone in its packet, so the length shows what SRTCP adds.
      const lone = scene.peer.received.filter(wire.isRtcp).find((got) => {
        const plain = scene.fromWorker.unprotectRtcp(got);
        return plain[1] === wire.PAYLOAD_FEEDBACK && plain.length === wire.pli(0).length;
      });
      assert.equal(lone?.length, wire.pli(0).length + 4 + profile.rtcpTagBytes);
    });

    test('tampered RTCP does nothing', async () => {
      const other = await openScene(router, suite);
      try {
        // Only who sends something can be asked for a key frame.
        const packet = rtp(other.outwardSsrc, 900);
        other.sendSource(packet);
        await other.secured(packet);
        const forged = other.toWorker.protectRtcp(wire.pli(other.consumerSsrc), 1);
        forged[9]! ^= 1;
        other.sendSecure(forged);
        other.sendSecure(other.toWorker.protectRtcp(wire.pli(other.consumerSsrc), 2));
        const isPli = (got: Buffer) =>
          wire.isRtcp(got) && wire.rtcpTypes(got).includes(wire.PAYLOAD_FEEDBACK);
        await other.source.first('the PLI at the source', isPli);
        assert.equal(other.source.received.filter(isPli).length, 1);
      } finally {
        other.close();
      }
    });
  });
}

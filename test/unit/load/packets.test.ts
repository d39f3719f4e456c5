// RTP, RTCP and VP8 of the load tool, byte for byte and there and back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OutgoingStream } from '../../../client/load/rtp/outgoing-stream.ts';
import { isRtcp, readRtp, writeRtp } from '../../../client/load/rtp/packet.ts';
import {
  FRAMES_PER_SECOND,
  PICTURE_LAYERS,
  PictureFrames,
} from '../../../client/load/rtp/picture.ts';
import {
  readKeyFrameRequests,
  readLostPackets,
  readSenderReports,
  writeReceiverReport,
  writeSenderReport,
} from '../../../client/load/rtp/rtcp.ts';
import { KEPT_PACKETS, SentPackets } from '../../../client/load/rtp/sent-packets.ts';
import { readStamp, writeStamp } from '../../../client/load/rtp/stamp.ts';
import { isSilence, voicePacket } from '../../../client/load/rtp/voice.ts';
import { MOST_PAYLOAD_BYTES, readVp8, vp8Payloads } from '../../../client/load/rtp/vp8.ts';

const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const packets = fc.record({
  payloadType: fc.integer({ min: 96, max: 127 }),
  marker: fc.boolean(),
  sequence: fc.nat(0xffff),
  timestamp: uint32,
  ssrc: uint32,
  payload: fc.uint8Array({ maxLength: 1_200 }),
});
const levels = fc.record({
  id: fc.integer({ min: 1, max: 14 }),
  belowFullScale: fc.nat(127),
  voice: fc.boolean(),
});

test('an RTP packet is read as it was written, with and without a level', () => {
  fc.assert(
    fc.property(packets, fc.option(levels, { nil: undefined }), (packet, level) => {
      const { payload, ...header } = readRtp(writeRtp(packet, level)) ?? assert.fail();
      assert.deepEqual({ ...header, payload: Uint8Array.from(payload) }, { ...packet });
    }),
  );
});

test('the audio level is a one-byte header extension', () => {
  const packet = {
    ...{ payloadType: 111, marker: true, sequence: 1, timestamp: 2, ssrc: 3 },
    payload: Uint8Array.of(9),
  };
  const bytes = writeRtp(packet, { id: 6, belowFullScale: 24, voice: true });
  assert.equal(bytes.toString('hex'), '90ef00010000000200000003bede00016098000009');
});

test('whatever arrives, reading it does not throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (input) => {
      const bytes = Buffer.from(input);
      readRtp(bytes);
      readKeyFrameRequests(bytes);
      readLostPackets(bytes);
      readSenderReports(bytes);
      readVp8(bytes);
      readStamp(bytes, 1);
    }),
  );
});

test('a stamp is read by the run that wrote it alone', () => {
  const payload = new Uint8Array(20);
  writeStamp(payload, 77, 1234.5);
  assert.equal(readStamp(payload, 77), 1234.5);
  assert.equal(readStamp(payload, 78), undefined);
  assert.equal(readStamp(payload.subarray(0, 11), 77), undefined);
});

test('a sender report holds its time, and names its source', () => {
  const bytes = writeSenderReport({
    ...{ ssrc: 5, sentAtMs: 500, timestamp: 9, packets: 2, bytes: 300, cname: 'abc' },
  });
  assert.ok(isRtcp(bytes));
  assert.equal(
    bytes.toString('hex'),
    `80c80006${'00000005'}83aa7e8080000000${'00000009'}${'00000002'}${'0000012c'}` +
      `81ca0003${'00000005'}0103616263000000`,
  );
  assert.deepEqual(readSenderReports(bytes), [{ ssrc: 5, middle: 0x7e808000 }]);
});

test('a receiver report has a block for each stream', () => {
  const block = { ssrc: 7, fractionLost: 0.5, lost: 3, highestSequence: 65_540, lastReport: 9 };
  const bytes = writeReceiverReport(1, [{ ...block, sinceLastReportMs: 1_000 }]);
  assert.equal(
    bytes.toString('hex'),
    `81c90007${'00000001'}${'00000007'}80000003${'00010004'}${'00000000'}${'00000009'}${'00010000'}`,
  );
});

test('a PLI and a FIR ask for a key frame, in a compound packet too', () => {
  const report = writeReceiverReport(1, []);
  const pli = Buffer.from('81ce00020000000100000007', 'hex');
  const fir = Buffer.from('84ce00040000000100000000' + '0000000800000000', 'hex');
  assert.deepEqual(readKeyFrameRequests(Buffer.concat([report, pli, fir])), [7, 8]);
  assert.deepEqual(readKeyFrameRequests(report), []);
});

test('a camera sends the layers of the page, at their bit rates', () => {
  assert.deepEqual(
    PICTURE_LAYERS.map(({ width, height, bitrate }) => [width, height, bitrate]),
    [
      [320, 180, 150_000],
      [640, 360, 500_000],
      [1280, 720, 1_700_000],
    ],
  );
  for (const layer of PICTURE_LAYERS) {
    const frames = new PictureFrames(layer, 0);
    frames.next();
    const sent = Array.from({ length: FRAMES_PER_SECOND }, () => frames.next()).flat();
    const bits = sent.reduce((total, { payload }) => total + payload.length, 0) * 8;
    assert.ok(bits >= layer.bitrate && bits < layer.bitrate * 1.1, `${bits} of ${layer.bitrate}`);
    assert.ok(sent.every(({ payload }) => payload.length <= MOST_PAYLOAD_BYTES));
  }
});

test('its first frame is a key frame, and the next one that is asked for', () => {
  const [layer] = PICTURE_LAYERS;
  assert.ok(layer);
  const frames = new PictureFrames(layer, 0x7ffd);
  const next = () => readVp8(frames.next()[0]?.payload ?? new Uint8Array());
  const first = Array.from({ length: 6 }, next);
  assert.deepEqual(
    first.map((header) => header?.isKey),
    [true, false, false, false, false, false],
  );
  assert.deepEqual(
    first.map((header) => header?.temporalLayer),
    [0, 2, 1, 2, 0, 2],
  );
  assert.deepEqual(
    first.map((header) => header?.pictureId),
    [0x7ffe, 0x7fff, 0, 1, 2, 3],
  );
  frames.requestKeyFrame();
  const key = next();
  assert.deepEqual([key?.isKey, key?.temporalLayer, next()?.isKey], [true, 0, false]);
});

test('only the first packet of a frame begins it', () => {
  const layer = PICTURE_LAYERS.at(-1);
  assert.ok(layer);
  const payloads = new PictureFrames(layer, 0).next();
  assert.ok(payloads.length > 1);
  assert.deepEqual(
    payloads.map(({ payload }) => readVp8(payload)?.begins),
    payloads.map((_, index) => index === 0),
  );
});

test('a stamp covers nothing of what the encoder wrote', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 4_000 }),
      fc.nat(9_000),
      (coded, bytes) => {
        const frame = { pictureId: 1, baseIndex: 2, temporalLayer: 0, isSync: false };
        const parts = vp8Payloads({ ...frame, coded, bytes }).map(({ payload, hasRoom }) => {
          assert.ok(payload.length <= MOST_PAYLOAD_BYTES);
          if (hasRoom) writeStamp(payload, 1, 2);
          return payload.subarray(6);
        });
        const arrived = Buffer.concat(parts);
        assert.deepEqual(new Uint8Array(arrived.subarray(0, coded.length)), coded);
        assert.ok(arrived.length >= bytes);
      },
    ),
  );
});

test('speech is fifty packets a second; silence is one now and then, and the last of an utterance', () => {
  const sent = (speaks: boolean) =>
    Array.from({ length: 50 }, (_, frame) => voicePacket(frame, speaks, speaks)).filter(
      (packet) => packet !== undefined,
    );
  assert.equal(sent(true).length, 50);
  assert.equal(sent(false).length, 3);
  assert.ok(sent(true).every(({ payload, level }) => level.voice && !isSilence(payload.length)));
  assert.ok(sent(false).every(({ payload, level }) => !level.voice && isSilence(payload.length)));
  assert.ok(isSilence(voicePacket(7, false, true)?.payload.length ?? 0));
  assert.equal(voicePacket(7, true, false)?.marker, true);
  assert.equal(voicePacket(8, true, true)?.marker, false);
});

test('a stream numbers its packets across the wraps of both counters', () => {
  const stream = new OutgoingStream({
    ...{ ssrc: 1, payloadType: 111, clockRate: 48_000, run: 3 },
    ...{ firstSequence: 0xffff, firstTimestamp: 0xffffffff },
  });
  const sent = [0, 20].map((elapsedMs) =>
    readRtp(stream.packet(new Uint8Array(13), { elapsedMs, nowMs: 5 }, { marker: false })),
  );
  assert.deepEqual(
    sent.map((packet) => [packet?.sequence, packet?.timestamp]),
    [
      [0xffff, 0xffffffff],
      [0, 959],
    ],
  );
  assert.deepEqual([stream.packets, stream.bytes], [2, 26]);
  assert.equal(readStamp(sent[1]?.payload ?? new Uint8Array(), 3), 5);
});

test('a NACK names packets and those after them, across the end of the numbers', () => {
  const report = writeReceiverReport(1, []);
  const nack = Buffer.from('81cd00040000000100000007' + 'ffff8001' + '00640000', 'hex');
  assert.deepEqual(readLostPackets(Buffer.concat([report, nack])), [
    ...[0xffff, 0, 15, 100].map((sequence) => ({ ssrc: 7, sequence })),
  ]);
  assert.deepEqual(readLostPackets(report), []);
});

test('the newest packets can be sent again, older ones and those of later rounds cannot', () => {
  const sent = new SentPackets();
  for (let count = 0; count <= KEPT_PACKETS; count++) {
    const sequence = (0xffff + count) & 0xffff;
    sent.add(sequence, Buffer.from([count & 0xff]));
  }
  assert.equal(sent.get(0xffff), undefined);
  assert.deepEqual(sent.get(0), Buffer.from([1]));
  assert.deepEqual(sent.get(KEPT_PACKETS - 1), Buffer.from([KEPT_PACKETS & 0xff]));
  assert.equal(sent.get(KEPT_PACKETS), undefined);
});

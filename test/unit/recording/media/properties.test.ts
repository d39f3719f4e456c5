// What holds for every stream: frames in order and whole, files that can be read after each cluster, no exceptions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type StreamOutput, TrackStream } from '../../../../server/recording/media/track-stream.ts';
import { readFile } from './ebml-tree.ts';
import { av1Payloads, rtp, senderReport } from './packets.ts';
import { type Datagram, filesOf, LIMITS, type RecordedFile, streamOptions } from './recorded.ts';
import { bodyOf, HD, Sender, START } from './sender.ts';

const KEY_HEADER = 10;
const HEADER = 3;
/** The sequence number of a sender's first packet. */
const FIRST = 65_500;

interface Fate {
  /** How much later it arrives. Milliseconds. */
  delay: number;
  /** How many times. */
  copies: number;
}
const fate: fc.Arbitrary<Fate> = fc.record({
  delay: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 400 })),
  copies: fc.oneof({ weight: 20, arbitrary: fc.constant(1) }, fc.integer({ min: 0, max: 2 })),
});

interface Step {
  key: boolean;
  bytes: number;
  small: boolean;
}
const step: fc.Arbitrary<Step> = fc.record({
  key: fc.integer({ min: 0, max: 5 }).map((value) => value === 0),
  bytes: fc.integer({ min: 4, max: 4_000 }),
  small: fc.boolean(),
});

function sent(steps: readonly Step[], fates: readonly Fate[]): Datagram[] {
  const sender = new Sender('video');
  const datagrams = steps.flatMap(({ key, bytes, small }) =>
    sender.frame(key && (small ? { width: 320, height: 180 } : HD), bytes),
  );
  return datagrams
    .flatMap(({ bytes, arrivedAt }, index) => {
      const { delay, copies } = fates[index % fates.length]!;
      const arrival = { bytes, arrivedAt: arrivedAt + delay };
      return Array.from({ length: copies }, () => arrival);
    })
    .sort((a, b) => a.arrivedAt - b.arrivedAt);
}

function recorded(datagrams: readonly Datagram[], tickMs = 100): RecordedFile[] {
  const stream = new TrackStream(streamOptions('video/VP8'));
  const outputs: StreamOutput[] = [];
  let tick = START;
  for (const { bytes, arrivedAt } of datagrams) {
    for (; tick < arrivedAt; tick += tickMs) outputs.push(...stream.tick(tick));
    outputs.push(...stream.receive(bytes, arrivedAt));
  }
  return filesOf([...outputs, ...stream.end('stopped', tick)]);
}

const streams = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 60 }),
  fates: fc.array(fate, { minLength: 1, maxLength: 100 }),
});

test('whatever happens to packets, frames are in order and whole, and none follows one that is missing', () => {
  fc.assert(
    fc.property(streams, ({ steps, fates }) => {
      let before = -1;
      for (const file of recorded(sent(steps, fates))) {
        const blocks = readFile(Buffer.concat(file.parts)).clusters.flat();
        assert.equal(blocks.length, file.frames);
        blocks.forEach(({ key, frame, time }, index) => {
          const body = frame.subarray(key ? KEY_HEADER : HEADER);
          const which = body.readUInt32BE(0);
          assert.deepEqual(body, bodyOf(which, steps[which]!.bytes));
          assert.ok(which > before);
          assert.ok(key ? true : index > 0 && which === before + 1);
          assert.ok(time >= (blocks[index - 1]?.time ?? 0));
          before = which;
        });
      }
    }),
  );
});

test('nothing is missing where all packets come, in any order within the time to wait', () => {
  const fates = fc.array(
    fc.record({ delay: fc.integer({ min: 0, max: 150 }), copies: fc.integer({ min: 1, max: 2 }) }),
    { minLength: 1, maxLength: 100 },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), fates, (steps, all) => {
      const datagrams = sent([{ key: true, bytes: 4, small: false }, ...steps], all);
      // What overtakes the very first packet has nothing that it could wait for.
      if (datagrams[0]!.bytes.readUInt16BE(2) !== FIRST) return;
      const frames = recorded(datagrams).reduce((sum, file) => sum + file.frames, 0);
      assert.equal(frames, steps.length + 1);
    }),
  );
});

test('a file can be read after each of its clusters', () => {
  fc.assert(
    fc.property(streams, ({ steps, fates }) => {
      for (const { parts } of recorded(sent(steps, fates))) {
        for (let end = 1; end <= parts.length; end++) {
          const { clusters } = readFile(Buffer.concat(parts.slice(0, end)));
          assert.equal(clusters.length, end - 1);
          for (const blocks of clusters) {
            assert.ok(blocks.at(-1)!.time - blocks[0]!.time < LIMITS.clusterMs);
          }
        }
      }
    }),
    { numRuns: 50 },
  );
});

const CODECS = ['video/VP8', 'video/VP9', 'video/H264', 'video/AV1', 'audio/opus'];
/** First bytes that lead somewhere, then anything. */
const payload = fc
  .tuple(
    fc.oneof(
      fc.constantFrom(
        '10100000',
        '8c01824983420',
        '78',
        '7c85',
        '67',
        '68',
        '65',
        '18',
        '08',
        'aa0100003f',
      ),
      fc.constant(''),
    ),
    fc.uint8Array({ maxLength: 60 }),
  )
  .map(([start, bytes]) => Buffer.concat([Buffer.from(start, 'hex'), bytes]));
const datagram = fc.oneof(
  fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record({
      sequence: fc.nat(0xffff),
      timestamp: fc.nat(0xffff_ffff),
      marker: fc.boolean(),
      payload,
    })
    .map(({ payload: bytes, ...header }) => rtp(header, bytes)),
  fc
    .record({
      sequence: fc.nat(20),
      timestamp: fc.nat(3).map((value) => value * 3_000),
      marker: fc.boolean(),
      payload,
    })
    .map(({ payload: bytes, ...header }) => rtp(header, bytes)),
  fc
    .tuple(fc.integer({ min: -5_000, max: 5_000 }), fc.nat(0xffff_ffff))
    .map(([offset, timestamp]) => senderReport(START + offset, timestamp)),
  fc
    .tuple(
      fc.nat(0xffff),
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 30 }), { minLength: 1, maxLength: 3 }),
    )
    .map(([sequence, obus]) =>
      rtp(
        { sequence, timestamp: 0, marker: true },
        av1Payloads(
          obus.map((obu) => Buffer.from(obu)),
          500,
        )[0]!,
      ),
    ),
);
for (const codec of CODECS) {
  test(`no packets make ${codec} throw, and files are whole whatever comes`, () => {
    const arrivals = fc.array(fc.tuple(datagram, fc.integer({ min: -50, max: 400 })), {
      maxLength: 100,
    });
    fc.assert(
      fc.property(arrivals, (all) => {
        const stream = new TrackStream(streamOptions(codec));
        let now = START;
        const outputs = all.flatMap(([bytes, pause]) => {
          now += pause;
          return [...stream.receive(bytes, now), ...stream.tick(now)];
        });
        for (const { parts } of filesOf([...outputs, ...stream.end('stopped', now)])) {
          readFile(Buffer.concat(parts));
        }
      }),
      { numRuns: 300 },
    );
  });
}

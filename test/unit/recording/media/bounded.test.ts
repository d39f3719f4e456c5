// Memory of a stream is bounded, whatever its sender does, and for however long.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  type StreamOptions,
  TrackStream,
} from '../../../../server/recording/media/track-stream.ts';
import { rtp, senderReport, vp8Frame, vp8Payloads } from './packets.ts';
import { LIMITS, streamOptions } from './recorded.ts';
import { bodyOf, START } from './sender.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
const MB = 1024 * 1024;

function memory(): number {
  // Buffers are swept aside from the collection that finds them: the next one counts them.
  for (let round = 0; round < 3; round++) collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

interface Made {
  bytes: Buffer;
  now: number;
}
const limits = { ...LIMITS, frameBytes: 2 * MB };
const video = (index: number, timestamp: number, marker: boolean, payload: Buffer) =>
  rtp({ sequence: index, timestamp, marker }, payload);
const key = (width: number) =>
  vp8Payloads(vp8Frame({ width, height: 720 }, bodyOf(0, 900)), 1_200)[0]!;
const plain = vp8Payloads(vp8Frame(false, bodyOf(0, 900)), 1_200)[0]!;
const middle = Buffer.concat([Buffer.from([0]), bodyOf(0, 1_100)]);
const COUNT = 30_000;

const SENDERS: [string, (index: number) => Made][] = [
  [
    'one frame without an end',
    (index) => ({
      bytes: video(index, 0, false, index === 0 ? key(1280) : middle),
      now: START + index * 5,
    }),
  ],
  [
    'timestamps that stand still',
    (index) => ({
      bytes: video(index, 0, true, index % 30 === 0 ? key(1280) : plain),
      now: START + index * 33,
    }),
  ],
  [
    'time that stands still',
    (index) => ({
      bytes: video(index, index * 3_000, true, index % 30 === 0 ? key(1280) : plain),
      now: START,
    }),
  ],
  [
    'all at one time',
    (index) => ({ bytes: video(index, 0, true, index % 30 === 0 ? key(1280) : plain), now: START }),
  ],
  [
    'another size every second',
    (index) => ({
      bytes: video(
        index,
        index * 3_000,
        true,
        index % 30 === 0 ? key(500 + ((index / 30) % 2)) : plain,
      ),
      now: START + index * 33.3,
    }),
  ],
  [
    'every second packet missing',
    (index) => ({ bytes: video(index * 2, index * 3_000, true, key(1280)), now: START + index }),
  ],
  [
    'a new sequence all the time',
    (index) => ({
      bytes: video((index >> 1) * 20_000 + (index & 1), index * 3_000, true, key(1280)),
      now: START + index,
    }),
  ],
  [
    'empty packets',
    (index) => ({ bytes: video(index, 0, false, Buffer.alloc(0)), now: START + index }),
  ],
  [
    'eight hours',
    (index) => ({
      bytes:
        index % 20 === 1
          ? senderReport(START + index * 960, index * 86_400)
          : video(
              index - Math.ceil((index - 1) / 20),
              index * 86_400,
              true,
              index % 30 === 0 ? key(1280) : plain,
            ),
      now: START + index * 960 + 10,
    }),
  ],
];

function outcome(options: StreamOptions, make: (index: number) => Made) {
  const stream = new TrackStream(options);
  let largest = 0;
  let opened = 0;
  let outputs = 0;
  const before = memory();
  for (let index = 0; index < COUNT; index++) {
    const { bytes, now } = make(index);
    for (const output of [...stream.receive(bytes, now), ...stream.tick(now)]) {
      outputs++;
      if (output.do === 'append') largest = Math.max(largest, output.bytes.length);
      if (output.do === 'open') opened++;
    }
  }
  const grown = memory() - before;
  stream.end('stopped', START);
  return { grown, largest, opened, outputs };
}

for (const [name, make] of SENDERS) {
  test(`memory is bounded: ${name}`, () => {
    const { grown, largest, outputs } = outcome({ ...streamOptions('video/VP8'), limits }, make);
    // A frame, a cluster with room for more, and the packets that wait, each in a block of Node's pool.
    assert.ok(grown < 5 * limits.frameBytes, `${Math.round(grown / MB)} MB`);
    assert.ok(largest <= limits.frameBytes + 100);
    assert.ok(outputs < 2 * COUNT);
  });
}

test('eight hours of sound are eight files of an hour, and memory is as before', () => {
  const packet = Buffer.from([0xfc, 1, 2, 3]);
  const { grown, opened } = outcome(streamOptions('audio/opus'), (index) => ({
    bytes: rtp({ sequence: index, timestamp: index * 46_080 }, packet),
    now: START + index * 960,
  }));
  assert.equal(opened, 8);
  assert.ok(grown < MB, `${Math.round(grown / MB)} MB`);
});

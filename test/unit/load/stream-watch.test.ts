// Loss and gaps in a stream that arrives.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { StreamWatch } from '../../../client/load/rtp/stream-watch.ts';

const VOICE = { kind: 'audio', clockRate: 48_000 } as const;
const PICTURE = { kind: 'video', clockRate: 90_000 } as const;

interface Arriving {
  /** When it arrives, in milliseconds. */
  at: number;
  sequence: number;
  /** Its place in the sender's time, in milliseconds. */
  of: number;
  pauses?: boolean;
}

function watched(packets: readonly Arriving[], options: typeof VOICE | typeof PICTURE = VOICE) {
  const watch = new StreamWatch(options);
  for (const { at, sequence, of, pauses = false } of packets) {
    const timestamp = ((of * options.clockRate) / 1000) >>> 0;
    watch.hear({ sequence: sequence & 0xffff, timestamp, bytes: 10, pauses }, at);
  }
  return watch;
}

/** So many packets of speech, 20 ms apart. */
const speech = (count: number, from = 0): Arriving[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ at: (from + index) * 20, sequence: from + index, of: (from + index) * 20 },
  }));

const CASES: readonly [string, readonly Arriving[], [lost: number, gaps: number]][] = [
  ['speech without a break', speech(50), [0, 0]],
  ['three packets missing', [...speech(10), ...speech(10, 13)], [3, 0]],
  ['a third of a second missing', [...speech(10), ...speech(10, 27)], [17, 1]],
  [
    'a third of a second late, and all of it at once',
    [...speech(10), ...speech(20, 10).map((packet) => ({ ...packet, at: 600 }))],
    [0, 1],
  ],
  [
    'a speaker who falls silent',
    [
      ...speech(10),
      { at: 200, sequence: 10, of: 200, pauses: true },
      { at: 600, sequence: 11, of: 600, pauses: true },
      { at: 1_000, sequence: 12, of: 1_000 },
    ],
    [0, 0],
  ],
  [
    'a packet of silence that was lost',
    [
      { at: 0, sequence: 0, of: 0, pauses: true },
      { at: 800, sequence: 2, of: 800, pauses: true },
    ],
    [1, 0],
  ],
  [
    'two that changed places',
    [...speech(5), { at: 101, sequence: 6, of: 120 }, { at: 102, sequence: 5, of: 100 }],
    [0, 0],
  ],
  [
    'numbers that begin anew at 65,536',
    Array.from({ length: 10 }, (_, index) => ({
      ...{ at: index * 20, sequence: 65_530 + index, of: index * 20 },
    })),
    [0, 0],
  ],
];

describe('loss and gaps', () => {
  for (const [name, packets, expected] of CASES) {
    test(name, () => {
      const sample = watched(packets).sample();
      assert.deepEqual([sample.lost, sample.gaps], expected);
    });
  }
});

test('loss is what is missing between the first and the last, in any order of arrival', () => {
  const kept = fc.uniqueArray(fc.nat(500), { minLength: 2, maxLength: 200 });
  fc.assert(
    fc.property(kept, fc.nat(0xffff), (numbers, from) => {
      const sorted = numbers.toSorted((a, b) => a - b);
      // Neighbours change places now and then; the first stays first.
      const mixed = sorted.map((number, index) => ({
        number,
        key: index % 7 === 3 ? index + 1.5 : index,
      }));
      const packets = mixed
        .toSorted((a, b) => a.key - b.key)
        .map(({ number }) => ({ at: number * 20, sequence: from + number, of: number * 20 }));
      const span = (sorted.at(-1) ?? 0) - (sorted[0] ?? 0) + 1;
      assert.equal(watched(packets).lost, span - numbers.length);
    }),
  );
});

test('a gap that is still open is counted, and one of an ended stream is not', () => {
  const watch = watched(speech(10));
  assert.equal(watch.sample(380).gaps, 0);
  assert.deepEqual([watch.sample(500).gaps, watch.sample(500).longestGapMs], [1, 300]);
  assert.equal(watch.sample().gaps, 0);
});

test('a voice that fell silent may stay away: in a large room the server sends only who speaks', () => {
  const silence = { at: 200, sequence: 10, of: 200, pauses: true };
  const watch = watched([...speech(10), silence]);
  assert.equal(watch.sample(60_000).gaps, 0);
});

test('a picture stands still when no frame comes', () => {
  const frames = [0, 33, 66, 400, 433].map((at, index) => ({
    ...{ at, sequence: index, of: index * 33 },
  }));
  const { gaps, longestGapMs } = watched(frames, PICTURE).sample();
  assert.deepEqual([gaps, longestGapMs], [1, 300]);
});

test('what we paused has no gap, also when a packet was under way', () => {
  const watch = watched(speech(10));
  watch.rest();
  const heard = (sequence: number, at: number, of: number) =>
    watch.hear({ sequence, timestamp: of * 48, bytes: 10, pauses: false }, at);
  heard(10, 200, 200);
  assert.equal(watch.sample(9_000).gaps, 0);
  watch.wake();
  heard(11, 9_100, 220);
  assert.equal(watch.sample(9_110).gaps, 0);
  heard(12, 9_500, 240);
  assert.equal(watch.sample(9_510).gaps, 1);
});

test('a track that goes on in another stream has a gap between them', () => {
  const before = watched(speech(10));
  const moved = (at: number) => {
    const watch = new StreamWatch({ ...VOICE, before });
    watch.hear({ sequence: 900, timestamp: 7, bytes: 10, pauses: false }, at);
    return watch.sample().gaps;
  };
  assert.deepEqual([moved(300), moved(700)], [0, 1]);
});

test('a voice that fell silent, and comes back on another stream, was not missed', () => {
  const silence = { at: 200, sequence: 10, of: 200, pauses: true };
  const packet = { sequence: 1, timestamp: 0, bytes: 10, pauses: false };
  for (const [packets, gaps] of [
    [[...speech(10), silence], 0],
    [speech(10), 1],
  ] as const) {
    const again = new StreamWatch({ ...VOICE, before: watched(packets) });
    again.hear(packet, 40_000);
    assert.equal(again.sample().gaps, gaps);
  }
});

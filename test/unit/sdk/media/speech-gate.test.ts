// When the frames of a microphone are sent: at once, or held back until the others receive the word.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  BEFORE_FRAMES,
  type FrameSound,
  HOLD_MS,
  LOUD_DBOV,
  ONSET_FRAMES,
  PAUSE_MS,
  SpeechGate,
} from '../../../../client/sdk/voice/speech-gate.ts';

const FRAME_MS = 20;
const VOICE: FrameSound = { isActive: true };
const SILENCE: FrameSound = { isActive: false };
const NOISE: FrameSound = { isActive: true, level: LOUD_DBOV - 1 };
const LOUD: FrameSound = { isActive: true, level: LOUD_DBOV };

/** A gate with numbered frames, and a clock. */
class Bench {
  readonly gate = new SpeechGate<number>();
  readonly sent: number[] = [];
  begins = 0;
  nowMs = 0;
  #next = 0;

  constructor(isChosen = true) {
    this.sent.push(...this.gate.choose(isChosen));
  }

  frames(count: number, sound: FrameSound, everyMs = FRAME_MS): this {
    for (let n = 0; n < count; n++) {
      this.nowMs += everyMs;
      const { send, begins } = this.gate.push(this.#next++, sound, this.nowMs);
      this.sent.push(...send);
      if (begins) this.begins += 1;
    }
    return this;
  }

  letGo(): this {
    this.sent.push(...this.gate.letGo());
    return this;
  }

  /** The number of frames that wait. */
  get held(): number {
    return this.#next - this.sent.length;
  }

  assertOrder(): void {
    assert.deepEqual(this.sent, [...this.sent.keys()]);
  }
}

describe('a word in a room where voices are chosen', () => {
  test('is held back from its first frame, and let go whole', () => {
    const bench = new Bench().frames(1, SILENCE, 400).frames(10, VOICE);
    assert.deepEqual([bench.held, bench.begins], [10, 1]);
    bench.letGo();
    assert.equal(bench.held, 0);
    bench.frames(5, VOICE);
    assert.deepEqual([bench.held, bench.begins], [0, 1]);
    bench.assertOrder();
  });

  test('is claimed with the frame that makes it a voice, not before', () => {
    const bench = new Bench().frames(ONSET_FRAMES - 1, VOICE);
    assert.equal(bench.begins, 0);
    assert.equal(bench.frames(1, VOICE).begins, 1);
  });

  test('waits as long as the limit for the server, and no longer', () => {
    const bench = new Bench().frames(ONSET_FRAMES + HOLD_MS / FRAME_MS - 1, VOICE);
    assert.ok(bench.held > 0);
    bench.frames(1, VOICE);
    assert.equal(bench.held, 0);
  });

  test('is held to its end when it is shorter than that', () => {
    const bench = new Bench().frames(5, VOICE).frames(1, SILENCE);
    assert.equal(bench.held, 6);
    bench.letGo().assertOrder();
    assert.equal(bench.held, 0);
  });

  test('passes at once after a short pause, and is claimed again after a long one', () => {
    const bench = new Bench().frames(5, VOICE).letGo();
    bench.frames(1, VOICE, PAUSE_MS).frames(5, VOICE);
    assert.deepEqual([bench.held, bench.begins], [0, 1]);
    bench.frames(1, VOICE, PAUSE_MS + 1).frames(5, VOICE);
    assert.deepEqual([bench.held, bench.begins], [6, 2]);
  });

  test('an answer that comes when nothing waits changes nothing', () => {
    const bench = new Bench().frames(1, VOICE).letGo();
    assert.equal(bench.held, 1);
  });
});

describe('what is no word', () => {
  test('an encoder that refreshes its silence with one frame', () => {
    const bench = new Bench();
    for (let n = 0; n < 20; n++) bench.frames(1, VOICE, 380).frames(1, SILENCE);
    assert.deepEqual([bench.held, bench.begins], [0, 0]);
    bench.assertOrder();
  });

  test('such frames do not prolong a word that has ended', () => {
    const bench = new Bench().frames(5, VOICE).letGo();
    for (let n = 0; n < 8; n++) bench.frames(1, VOICE, 380).frames(1, SILENCE);
    assert.equal(bench.frames(5, VOICE).begins, 2);
  });

  test('noise, however long, is late by what a word may have before it is noticed', () => {
    const bench = new Bench().frames(200, NOISE);
    assert.equal(bench.begins, 0);
    assert.equal(bench.held, BEFORE_FRAMES);
    bench.assertOrder();
  });
});

test('a word that begins on a machine that stands still for a moment is held back from its first frame', () => {
  const bench = new Bench().frames(2, VOICE).frames(1, VOICE, 300).frames(4, VOICE);
  assert.deepEqual([bench.held, bench.begins], [7, 1]);
});

test('what comes before a word is noticed is held back with it', () => {
  const bench = new Bench().frames(50, NOISE);
  const { held } = bench;
  bench.frames(ONSET_FRAMES, LOUD);
  assert.equal(bench.begins, 1);
  assert.ok(bench.held >= held);
});

test('in a small room everything passes, and so it does when a room becomes small', () => {
  const small = new Bench(false).frames(10, VOICE);
  assert.deepEqual([small.held, small.begins], [0, 0]);
  const bench = new Bench().frames(10, VOICE);
  bench.sent.push(...bench.gate.choose(false));
  assert.equal(bench.held, 0);
  bench.frames(1, VOICE, 10 * PAUSE_MS);
  assert.equal(bench.held, 0);
});

test('a voice that goes on while the room becomes large is not held back', () => {
  const bench = new Bench(false).frames(10, VOICE);
  bench.sent.push(...bench.gate.choose(true));
  bench.frames(10, VOICE);
  assert.deepEqual([bench.held, bench.begins], [0, 0]);
});

const happening = fc.oneof(
  { weight: 8, arbitrary: fc.record({ sound: fc.constantFrom(VOICE, SILENCE, NOISE, LOUD) }) },
  { weight: 1, arbitrary: fc.constantFrom('letGo' as const, 'pause' as const) },
  { weight: 1, arbitrary: fc.record({ choose: fc.boolean() }) },
);

test('for any sounds, answers and pauses frames keep their order, and no more wait than the limits say', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 400 }), (happenings) => {
      const bench = new Bench();
      for (const each of happenings) {
        if (each === 'letGo') bench.letGo();
        else if (each === 'pause') bench.nowMs += 3_000;
        else if ('choose' in each) bench.sent.push(...bench.gate.choose(each.choose));
        else bench.frames(1, each.sound);
        bench.assertOrder();
        assert.ok(bench.held <= BEFORE_FRAMES + HOLD_MS / FRAME_MS, `${bench.held} frames wait`);
      }
      // Silence ends every wait.
      bench.frames(1, SILENCE, 2 * HOLD_MS);
      assert.equal(bench.held, 0);
    }),
  );
});

// How much of a track has to be sent: rises at once, falls later, and is what the most demanding receiver wants.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  DemandCounts,
  demandOf,
  LOWER_AFTER_MS,
  MOVED_LOWER_AFTER_MS,
  movedAt,
  type Settling,
  sentLayer,
  settle,
  UNSETTLED,
} from '../../../server/room/demand.ts';
import { EVERY_LAYER, NO_LAYER } from '../../../shared/protocol/media-messages.ts';

describe('what one receiver wants', () => {
  const cases = [
    ['video', undefined, { spatialLayer: 2 }, NO_LAYER],
    ['video', { paused: true }, { spatialLayer: 2 }, NO_LAYER],
    ['video', { paused: false }, { spatialLayer: 0 }, 0],
    ['video', { paused: false }, { spatialLayer: 2 }, 2],
    ['video', { paused: false }, {}, EVERY_LAYER],
    ['video', { paused: false }, undefined, EVERY_LAYER],
    ['audio', undefined, {}, NO_LAYER],
    ['audio', { paused: false }, {}, EVERY_LAYER],
    // Kept ready.
    ['audio', { paused: true }, {}, EVERY_LAYER],
  ] as const;
  for (const [kind, want, preference, demand] of cases) {
    test(`${JSON.stringify([kind, want, preference])} is ${demand}`, () =>
      assert.equal(demandOf(kind, want, preference), demand));
  }
});

test('a screen is always sent whole, a camera up to the layer wanted', () => {
  for (const demand of [NO_LAYER, 0, 1, 2, EVERY_LAYER]) {
    assert.equal(sentLayer('screen', demand), EVERY_LAYER);
    assert.equal(sentLayer('camera', demand), demand);
    assert.equal(sentLayer(undefined, demand), demand);
  }
});

describe('a demand that changes', () => {
  test('rises at once', () => {
    const low: Settling = { demand: 0, fallsAtMs: undefined };
    assert.deepEqual(settle(low, 2, 10), { demand: 2, fallsAtMs: undefined });
  });

  test('falls after a while, to what is wanted then', () => {
    const first = settle(UNSETTLED, 0, 1_000);
    assert.deepEqual(first, { demand: EVERY_LAYER, fallsAtMs: 1_000 + LOWER_AFTER_MS });
    const later = settle(first, 1, 1_000 + LOWER_AFTER_MS - 1);
    assert.deepEqual(later, first);
    const fallen = settle(later, 1, 1_000 + LOWER_AFTER_MS);
    assert.deepEqual(fallen, { demand: 1, fallsAtMs: undefined });
  });

  test('a track that moved falls soon: its receivers have it from elsewhere until they are there', () => {
    const moved = movedAt(1_000);
    assert.ok(MOVED_LOWER_AFTER_MS < LOWER_AFTER_MS / 3);
    const before = settle(moved, NO_LAYER, 1_000 + MOVED_LOWER_AFTER_MS - 1);
    assert.equal(before.demand, EVERY_LAYER);
    const after = settle(before, 0, 1_000 + MOVED_LOWER_AFTER_MS);
    assert.deepEqual(after, { demand: 0, fallsAtMs: undefined });
    assert.equal(settle(after, 2, 1_000 + MOVED_LOWER_AFTER_MS).demand, 2);
  });

  test('does not fall when the page is turned back meanwhile, and the next fall waits anew', () => {
    const falling = settle({ demand: 2, fallsAtMs: undefined }, NO_LAYER, 0);
    const back = settle(falling, 2, 1_000);
    assert.deepEqual(back, { demand: 2, fallsAtMs: undefined });
    assert.equal(settle(back, NO_LAYER, 1_400).fallsAtMs, 1_400 + LOWER_AFTER_MS);
  });

  const Demands = fc.integer({ min: NO_LAYER, max: EVERY_LAYER });
  const Steps = fc.array(
    fc.record({ wanted: Demands, afterMs: fc.integer({ min: 0, max: 2_000 }) }),
  );

  test('is never below what is wanted, and is that once nothing has changed for the delay', () => {
    fc.assert(
      fc.property(Steps, Demands, (steps, last) => {
        let state = UNSETTLED;
        let nowMs = 0;
        for (const { wanted, afterMs } of steps) {
          nowMs += afterMs;
          state = settle(state, wanted, nowMs);
          assert.ok(state.demand >= wanted);
          assert.ok(state.fallsAtMs === undefined || state.fallsAtMs > nowMs);
          assert.ok(state.fallsAtMs === undefined || state.fallsAtMs <= nowMs + LOWER_AFTER_MS);
        }
        state = settle(state, last, nowMs);
        state = settle(state, last, nowMs + LOWER_AFTER_MS);
        assert.deepEqual(state, { demand: last, fallsAtMs: undefined });
      }),
    );
  });

  test('counts say the highest of all that are wanted', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(Demands, fc.boolean())), (wishes) => {
        const counts = new DemandCounts();
        const left: number[] = [];
        for (const [demand, stays] of wishes) {
          counts.add(demand);
          if (stays) left.push(demand);
          else counts.remove(demand);
          assert.equal(counts.highest, Math.max(NO_LAYER, ...left));
        }
      }),
    );
  });
});

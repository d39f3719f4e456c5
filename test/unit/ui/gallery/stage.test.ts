// What the stage keeps from one state to the next, and the gestures that turn its pages.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { layout, type TileShape } from '../../../../client/ui/stage/layout.ts';
import { steadyLayout, tilesInDocument } from '../../../../client/ui/stage/shown.ts';
import { swipeStep } from '../../../../client/ui/stage/swipe.ts';
import { tilesOf } from '../../../../client/ui/stage/tiles.ts';
import type { Participant, Track } from '../../../../shared/room/room.ts';

const WINDOW = { width: 1896, height: 975 };

function shapes(count: number): TileShape[] {
  return Array.from({ length: count }, (_, index) => ({ id: `tile-${index}`, role: 'grid' }));
}

function room(count: number): { participants: Participant[]; tracks: Track[] } {
  const participants = Array.from({ length: count }, (_, index): Participant => {
    return { id: `p${index}`, name: `P ${index}`, role: 'guest', joinedAt: index, online: true };
  });
  const tracks = participants.map(({ id }): Track => {
    return { id: `m-${id}`, participantId: id, kind: 'audio', source: 'microphone', muted: false };
  });
  return { participants, tracks };
}

describe('what does not change is not drawn again', () => {
  test('of 1,000 tiles, one mute makes one new', () => {
    const before = room(1000);
    const tiles = tilesOf(before, 'p0');
    const tracks = before.tracks.map((track, index) =>
      index === 7 ? { ...track, muted: true } : { ...track },
    );
    const after = tilesOf({ ...before, tracks }, 'p0', tiles);
    const fresh = after.filter((tile, index) => tile !== tiles[index]);
    assert.deepEqual(
      fresh.map(({ id }) => id),
      ['p7'],
    );
    assert.equal(tilesOf({ participants: [...before.participants], tracks }, 'p0', after), after);
  });

  test('the same layout is the same object, and so is each rectangle that stays', () => {
    const first = layout(shapes(49), WINDOW);
    assert.equal(steadyLayout(first, layout(shapes(49), WINDOW)), first);
    const others = shapes(49).with(3, { id: 'another', role: 'grid' });
    const next = steadyLayout(first, layout(others, WINDOW));
    const fresh = next.placements.filter((rect) => !first.placements.includes(rect));
    assert.deepEqual(
      fresh.map(({ id }) => id),
      ['another'],
    );
  });
});

describe('tilesInDocument', () => {
  const here = () => true;
  const ids = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `tile-${from + index}`);

  test('a page that is turned stays, hidden, so that turning back makes nothing new', () => {
    const first = tilesInDocument([], ids(0, 49), here);
    const second = tilesInDocument(first, ids(49, 98), here);
    assert.deepEqual(new Set(second), new Set(ids(0, 98)));
    assert.deepEqual(new Set(tilesInDocument(second, ids(0, 49), here)), new Set(ids(0, 98)));
  });

  test('whoever left is gone; the same tiles are the same list', () => {
    const first = tilesInDocument([], ids(0, 4), here);
    const second = tilesInDocument(first, ids(4, 8), (id) => id !== 'tile-1');
    assert.ok(!second.includes('tile-1'));
    assert.equal(tilesInDocument(second, ids(4, 8), here), second);
  });

  test('the document has at most two large pages, however many were turned', () => {
    const pages = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 30 });
    fc.assert(
      fc.property(pages, (turned) => {
        let kept: readonly string[] = [];
        for (const page of turned) {
          const shown = ids(page * 49, page * 49 + 49);
          kept = tilesInDocument(kept, shown, here);
          assert.ok(kept.length <= 98);
          assert.equal(new Set(kept).size, kept.length);
          assert.ok(shown.every((id) => kept.includes(id)));
        }
      }),
    );
  });
});

describe('swipeStep', () => {
  const cases: [why: string, x: number, y: number, ms: number, step: -1 | 1 | undefined][] = [
    ['to the left: the next page', -120, 10, 200, 1],
    ['to the right: the one before', 120, -10, 200, -1],
    ['a tap that slipped', -20, 2, 80, undefined],
    ['up', -60, -200, 200, undefined],
    ['across', -90, 80, 200, undefined],
    ['a finger that rests', -120, 0, 2_000, undefined],
  ];
  for (const [why, x, y, durationMs, step] of cases) {
    test(why, () => assert.equal(swipeStep({ x, y, durationMs }), step));
  }
});

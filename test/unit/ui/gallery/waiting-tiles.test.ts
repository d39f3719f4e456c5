// Pictures of a large room whose names are not known yet have a tile each, named by where they are found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { waitingTiles } from '../../../../client/ui/stage/picture-pages.ts';

function ids(pictured: number, missing: number, asked: readonly number[] = []): string[] {
  return waitingTiles(pictured, missing, new Set(asked)).map(({ id }) => id);
}

test('the first pictures are known; those after them wait', () => {
  assert.deepEqual(ids(5, 2), ['waiting-3', 'waiting-4']);
  assert.deepEqual(ids(5, 0), []);
});

test('what was asked for does not wait any more', () => {
  assert.deepEqual(ids(6, 2, [3, 4]), ['waiting-2', 'waiting-5']);
});

test('where more are missing than were not asked for, all may be asked for again', () => {
  assert.deepEqual(ids(4, 2, [0, 1, 2, 3]), ['waiting-2', 'waiting-3']);
});

test('there are as many as are missing, each once', () => {
  const offsets = fc.array(fc.nat({ max: 60 }), { maxLength: 60 });
  fc.assert(
    fc.property(fc.nat({ max: 60 }), fc.nat({ max: 60 }), offsets, (pictured, some, asked) => {
      const missing = Math.min(some, pictured);
      const waiting = ids(pictured, missing, asked);
      assert.equal(waiting.length, missing);
      assert.equal(new Set(waiting).size, missing);
    }),
  );
});

// Pictures of a large room whose names are not known yet have a tile each, named by where they are found.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { waitingOffsets } from '../../../../client/ui/stage/picture-pages.ts';

interface Given {
  before?: readonly number[];
  missing: number;
  pictured: number;
  asked?: readonly number[];
  pending?: readonly number[];
}

function offsets({ before = [], missing, pictured, asked = [], pending = [] }: Given): number[] {
  const progress = { asked: new Set(asked), pending: new Set(pending) };
  return waitingOffsets(before, missing, pictured, progress);
}

test('the first pictures are known; those after them wait', () => {
  assert.deepEqual(offsets({ missing: 2, pictured: 5 }), [3, 4]);
  assert.deepEqual(offsets({ missing: 0, pictured: 5 }), []);
});

test('whoever comes before the answer takes the places that were asked for', () => {
  const before = [2, 3, 4, 5];
  assert.deepEqual(offsets({ before, missing: 4, pictured: 6, pending: [3, 4] }), before);
  assert.deepEqual(offsets({ before, missing: 3, pictured: 6, pending: [3, 4] }), [2, 4, 5]);
  assert.deepEqual(offsets({ before, missing: 2, pictured: 6, pending: [3, 4] }), [2, 5]);
});

test('where those asked for were known already, others are still missing', () => {
  const before = [2, 3, 4, 5];
  assert.deepEqual(offsets({ before, missing: 3, pictured: 6, asked: [3, 4] }), [1, 2, 5]);
});

test('where more are missing than were not asked for, all may be asked for again', () => {
  assert.deepEqual(offsets({ missing: 2, pictured: 4, asked: [0, 1, 2, 3] }), [2, 3]);
});

test('there are as many as are missing, each once, in order, and none moves without a reason', () => {
  const numbers = fc.array(fc.nat({ max: 60 }), { maxLength: 60 });
  const counts = fc.nat({ max: 60 });
  fc.assert(
    fc.property(counts, counts, numbers, numbers, (pictured, some, asked, pending) => {
      const missing = Math.min(some, pictured);
      const before = offsets({ missing, pictured, asked, pending });
      assert.equal(before.length, missing);
      assert.deepEqual(
        before,
        [...new Set(before)].sort((a, b) => a - b),
      );
      const fewer = offsets({ before, missing: Math.floor(missing / 2), pictured, pending });
      assert.ok(fewer.every((offset) => before.includes(offset)));
    }),
  );
});

// The list of participants: which rows are drawn, and what they say.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { marksOf, pagesOf, ROW_HEIGHT, rowsInView } from '../../../../client/ui/people/rows.ts';
import type { Track } from '../../../../shared/room/room.ts';

describe('rowsInView', () => {
  const cases: [why: string, top: number, height: number, total: number, range: string][] = [
    ['the top', 0, 10 * ROW_HEIGHT, 1000, '0–16'],
    ['the middle', 500 * ROW_HEIGHT, 10 * ROW_HEIGHT, 1000, '494–516'],
    ['the end', 990 * ROW_HEIGHT, 10 * ROW_HEIGHT, 1000, '984–1000'],
    ['fewer than there is room for', 0, 10 * ROW_HEIGHT, 3, '0–3'],
    ['nobody', 0, 10 * ROW_HEIGHT, 0, '0–0'],
    ['pulled beyond the top', -80, 10 * ROW_HEIGHT, 1000, '0–16'],
    ['scrolled, when the list became shorter', 900 * ROW_HEIGHT, 10 * ROW_HEIGHT, 20, '20–20'],
  ];
  for (const [why, top, height, total, expected] of cases) {
    test(why, () => {
      const { first, end } = rowsInView(top, height, total);
      assert.equal(`${first}–${end}`, expected);
    });
  }

  test('has every row in view, and no more than fit and a few', () => {
    const numbers = fc.integer({ min: 0, max: 100_000 });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 0, max: 3_000 }), numbers, (top, height, total) => {
        const { first, end } = rowsInView(top, height, total);
        assert.ok(first >= 0 && first <= end && end <= total);
        assert.ok(end - first <= height / ROW_HEIGHT + 14);
        for (let y = top; y < Math.min(top + height, total * ROW_HEIGHT); y += ROW_HEIGHT) {
          const row = Math.floor(y / ROW_HEIGHT);
          assert.ok(row >= first && row < end, `row ${row}`);
        }
      }),
    );
  });
});

test('the pages that have the rows on them', () => {
  assert.deepEqual(pagesOf({ first: 0, end: 16 }, 50), [0]);
  assert.deepEqual(pagesOf({ first: 44, end: 66 }, 50), [0, 1]);
  assert.deepEqual(pagesOf({ first: 50, end: 100 }, 50), [1]);
  assert.deepEqual(pagesOf({ first: 20, end: 20 }, 50), []);
});

test('a row says what is shared, and what is muted is not', () => {
  const track = (source: Track['source'], muted = false): Track => {
    const kind = source === 'camera' || source === 'screen' ? 'video' : 'audio';
    return { id: source, participantId: 'ann', kind, source, muted };
  };
  assert.deepEqual(marksOf([]), { microphone: 'off', camera: false, screen: false });
  assert.deepEqual(marksOf([track('microphone'), track('camera', true), track('screen')]), {
    ...{ microphone: 'on', camera: false, screen: true },
  });
});

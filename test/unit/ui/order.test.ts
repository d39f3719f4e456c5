// The order of tiles: people keep their places.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { arrange, bringIntoView } from '../../../client/ui/stage/order.ts';

describe('arrange', () => {
  const cases: [why: string, before: string, present: string, after: string][] = [
    ['nobody was there', '', 'abc', 'abc'],
    ['one joins', 'abc', 'abcd', 'abcd'],
    ['the last one leaves', 'abc', 'ab', 'ab'],
    ['the first one leaves: the last one takes the place', 'abcd', 'bcd', 'dbc'],
    ['two leave: two move', 'abcdef', 'bdef', 'fbed'],
    ['one leaves while one joins: nobody moves', 'abcd', 'acdx', 'axcd'],
    ['the place of the invitation is for the first who joins', 'me', 'mx', 'mx'],
    ['everybody leaves', 'abc', '', ''],
    ['another order of the same people changes nothing', 'abc', 'cab', 'abc'],
  ];
  for (const [why, before, present, after] of cases) {
    test(why, () => {
      assert.deepEqual(arrange([...before], [...present]), [...after]);
    });
  }

  test('is the same list when nothing changed', () => {
    const places = ['a', 'b'];
    assert.equal(arrange(places, ['b', 'a']), places);
  });

  const ids = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,3}$/), { maxLength: 30 });

  test('has everybody who is there, once', () => {
    fc.assert(
      fc.property(ids, ids, (before, present) => {
        assert.deepEqual([...arrange(before, present)].sort(), [...present].sort());
      }),
    );
  });

  test('moves no more people than left', () => {
    fc.assert(
      fc.property(ids, ids, (before, present) => {
        const after = arrange(before, present);
        const staying = before.filter((id) => present.includes(id));
        const moved = staying.filter((id) => after.indexOf(id) !== before.indexOf(id));
        assert.ok(moved.length <= before.length - staying.length);
      }),
    );
  });
});

describe('bringIntoView', () => {
  const anyone = () => true;

  test('a speaker of another page takes the place of the one here who has been silent longest', () => {
    const spokeAt = new Map([
      ['a', 1],
      ['b', 3],
      ['c', 2],
    ]);
    const places = bringIntoView([...'abcdef'], [...'abc'], 'e', anyone, spokeAt);
    assert.deepEqual(places, [...'ebcdaf']);
  });

  test('of those who never spoke the last one goes, and the viewer, a pinned tile and a screen stay', () => {
    const mayGo = (id: string) => id !== 'c';
    assert.deepEqual(bringIntoView([...'abcdef'], [...'abc'], 'f', mayGo, new Map()), [
      ...'afcdeb',
    ]);
  });

  test('nothing moves for a speaker who is here, or gone, or where nobody may go', () => {
    const places = [...'abcd'];
    for (const [id, mayGo] of [
      ['a', anyone],
      ['x', anyone],
      ['d', () => false],
    ] as const) {
      assert.equal(bringIntoView(places, ['a', 'b'], id, mayGo, new Map()), places);
    }
  });
});

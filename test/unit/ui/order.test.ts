// The order of tiles: people keep their places.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  arrange,
  bringIntoView,
  type Occupants,
  picturesFirst,
} from '../../../client/ui/stage/order.ts';

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
  const occupants = (more: Partial<Occupants>): Occupants => ({
    mayGo: anyone,
    hasPicture: anyone,
    spokeAt: new Map(),
    ...more,
  });

  test('a speaker of another page takes the place of the one here who has been silent longest', () => {
    const spokeAt = new Map([
      ['a', 1],
      ['b', 3],
      ['c', 2],
    ]);
    const places = bringIntoView([...'abcdef'], [...'abc'], 'e', occupants({ spokeAt }));
    assert.deepEqual(places, [...'ebcdaf']);
  });

  test('of those who never spoke the last one goes, and the viewer, a pinned tile and a screen stay', () => {
    const mayGo = (id: string) => id !== 'c';
    assert.deepEqual(bringIntoView([...'abcdef'], [...'abc'], 'f', occupants({ mayGo })), [
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
      assert.equal(bringIntoView(places, ['a', 'b'], id, occupants({ mayGo })), places);
    }
  });

  test('a picture goes only where everybody who may go has one', () => {
    const spokeAt = new Map([['c', 9]]);
    const hasPicture = (id: string) => id !== 'b' && id !== 'c';
    const of = (more: Partial<Occupants>) =>
      bringIntoView([...'abcdef'], [...'abc'], 'e', occupants({ spokeAt, hasPicture, ...more }));
    assert.deepEqual(of({}), [...'aecdbf']);
    assert.deepEqual(of({ mayGo: (id) => id === 'a' }), [...'ebcdaf']);
  });
});

describe('picturesFirst', () => {
  const upper = (id: string) => id === id.toUpperCase();
  const first = (places: string, perPage: number, fixed = '') =>
    picturesFirst([...places], [...places], perPage, {
      mayGo: (id) => !fixed.includes(id),
      hasPicture: upper,
    }).join('');

  const cases: [why: string, places: string, perPage: number, after: string, fixed?: string][] = [
    ['a picture of the second page comes onto the first', 'abcD', 2, 'aDcb'],
    ['inside a page nothing moves', 'aBcD', 4, 'aBcD'],
    ['one that may not go keeps its place', 'abcD', 2, 'Dbca', 'b'],
    ['nobody may go', 'abcD', 2, 'abcD', 'ab'],
    ['a page that is full of pictures stays', 'ABcD', 2, 'ABcD'],
    ['the farthest come first', 'abCDEf', 2, 'DECabf'],
    ['one of three pages', 'ABcdeF', 2, 'ABcFed'],
    ['no pictures', 'abcdef', 2, 'abcdef'],
  ];
  for (const [why, places, perPage, after, fixed] of cases) {
    test(why, () => assert.equal(first(places, perPage, fixed), after));
  }

  test('is the same list when nothing changes', () => {
    const places = ['A', 'b'];
    const none = { mayGo: () => true, hasPicture: upper };
    assert.equal(picturesFirst(places, places, 1, none), places);
  });

  const tiles = fc.uniqueArray(fc.stringMatching(/^[a-zA-Z]$/), { maxLength: 40 });
  const sizes = fc.integer({ min: 1, max: 9 });

  test('no picture is left behind somebody without one who may go; all are there once', () => {
    fc.assert(
      fc.property(tiles, sizes, fc.nat(), (places, perPage, seed) => {
        const mayGo = (id: string) => (id.charCodeAt(0) + seed) % 3 > 0;
        const after = picturesFirst(places, places, perPage, { mayGo, hasPicture: upper });
        assert.deepEqual([...after].sort(), [...places].sort());
        const page = (id: string) => Math.floor(after.indexOf(id) / perPage);
        const free = after.filter((id) => !upper(id) && mayGo(id)).map(page);
        const firstFree = Math.min(...free);
        for (const id of after.filter(upper)) {
          assert.ok(page(id) <= firstFree, `${id} in ${after.join('')}`);
        }
        for (const id of places.filter((each) => !upper(each) && !mayGo(each))) {
          assert.equal(after.indexOf(id), places.indexOf(id));
        }
      }),
    );
  });

  test('it settles: a second time nothing moves', () => {
    fc.assert(
      fc.property(tiles, sizes, (places, perPage) => {
        const by = { mayGo: () => true, hasPicture: upper };
        const once = picturesFirst(places, places, perPage, by);
        assert.equal(picturesFirst(once, once, perPage, by), once);
      }),
    );
  });
});

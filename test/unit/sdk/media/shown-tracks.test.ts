// From which consumer a track is shown while there is more than one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Candidate,
  chooseShown,
  pendingOf,
} from '../../../../client/sdk/handover/shown-tracks.ts';

const TRACK = 'track-aaaaa';

interface Case {
  title: string;
  /** Oldest first, by name; a capital one is live. */
  consumers: string;
  /** What was shown before. */
  before?: string;
  shown?: string;
  pending?: string;
}

const CASES: readonly Case[] = [
  { title: 'nothing there, nothing shown', consumers: '' },
  { title: 'the first one is shown at once, live or not', consumers: 'a', shown: 'a' },
  { title: 'a newer one waits', consumers: 'ab', before: 'a', shown: 'a', pending: 'b' },
  { title: 'a newer one that is live takes over', consumers: 'aB', before: 'a', shown: 'B' },
  { title: 'of several that wait the newest live one wins', consumers: 'aBC', shown: 'C' },
  {
    title: 'one may be live while a newer one is not yet',
    consumers: 'aBc',
    before: 'a',
    shown: 'B',
    pending: 'c',
  },
  { title: 'the older one closed: better the newer one than nothing', consumers: 'b', shown: 'b' },
  { title: 'of several that are not live the newest is taken', consumers: 'bc', shown: 'c' },
  { title: 'the newer one closed: back to the older one', consumers: 'a', before: 'B', shown: 'a' },
  { title: 'what is shown stays when it is all there is', consumers: 'a', before: 'a', shown: 'a' },
];

for (const { title, consumers, before, shown, pending = '' } of CASES) {
  test(title, () => {
    const candidates = [...consumers].map((name) => candidate(name));
    const old = candidates.find(({ name }) => name === before) ?? candidate(before ?? '');
    const chosen = chooseShown(candidates, new Map([[TRACK, old]]));
    assert.equal(chosen.get(TRACK)?.name, shown);
    const waiting = [...pendingOf(candidates, chosen)].map(({ name }) => name);
    assert.equal(waiting.join(''), pending);
  });
}

test('tracks do not get in each other’s way', () => {
  const [a, b] = [candidate('a'), { ...candidate('B'), trackId: 'track-bbbbb' }];
  const chosen = chooseShown([a, b], new Map());
  assert.deepEqual([chosen.get('track-aaaaa'), chosen.get('track-bbbbb')], [a, b]);
  assert.equal(pendingOf([a, b], chosen).size, 0);
});

test('whatever comes and goes, something is shown while there is something, and it stays chosen', () => {
  const letters = fc.uniqueArray(fc.constantFrom(...'aBcDeFgH'), { maxLength: 8 });
  fc.assert(
    fc.property(letters, fc.constantFrom(...'aBcDeFgH'), (names, before) => {
      const candidates = names.map((name) => candidate(name));
      const old = candidates.find(({ name }) => name === before);
      const chosen = chooseShown(candidates, new Map(old ? [[TRACK, old]] : []));
      assert.equal(chosen.has(TRACK), candidates.length > 0);
      assert.deepEqual(chooseShown(candidates, chosen), chosen);
      for (const waiting of pendingOf(candidates, chosen)) assert.ok(!waiting.isLive);
    }),
  );
});

function candidate(name: string): Candidate & { name: string } {
  return { name, trackId: TRACK, isLive: name !== name.toLowerCase() };
}

// Which tiles a room has, and which is on the stage.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changedPreferences } from '../../../client/sdk/media/named-pictures.ts';
import { comesIntoView, preferencesFor } from '../../../client/ui/stage/preferences.ts';
import {
  isShown,
  stagingOf,
  type Tile,
  tileLabel,
  tilesOf,
} from '../../../client/ui/stage/tiles.ts';
import type { Participant, RoomSnapshot, Track, TrackSource } from '../../../shared/room/room.ts';

const NO_ASPECTS = new Map<string, number>();

function person(id: string, joinedAt: number, more: Partial<Participant> = {}): Participant {
  return { id, name: id.toUpperCase(), role: 'guest', joinedAt, online: true, ...more };
}

function track(participantId: string, source: TrackSource, muted = false): Track {
  const kind = source === 'camera' || source === 'screen' ? 'video' : 'audio';
  return { id: `${participantId}-${source}`, participantId, kind, source, muted };
}

function room(participants: Participant[], tracks: Track[] = []): RoomSnapshot {
  return { room: 'blue', version: 1, participants, tracks, chat: [] };
}

function ids(tiles: readonly Tile[]): string[] {
  return tiles.map(({ id }) => id);
}

describe('tilesOf', () => {
  test('oneself first, then the others as they came, then the screens', () => {
    const people = [person('cleo', 3), person('ann', 1), person('me', 2)];
    const tracks = [track('ann', 'screen'), track('cleo', 'camera')];
    assert.deepEqual(ids(tilesOf(room(people, tracks), 'me')), ['me', 'ann', 'cleo', 'ann-screen']);
  });

  test('alone: an invitation where the next person will be', () => {
    assert.deepEqual(ids(tilesOf(room([person('me', 1)]), 'me')), ['me', 'invite']);
  });

  test('what a person shares: nothing, muted, on', () => {
    const people = [person('me', 1), person('ann', 2), person('bo', 3, { online: false })];
    const tracks = [
      track('ann', 'camera', true),
      track('ann', 'microphone', true),
      track('bo', 'camera'),
      track('bo', 'microphone'),
    ];
    const [me, ann, bo] = tilesOf(room(people, tracks), 'me');
    assert.ok(
      me?.kind === 'participant' && ann?.kind === 'participant' && bo?.kind === 'participant',
    );
    assert.deepEqual([me.videoTrackId, me.microphone, me.you], [undefined, undefined, true]);
    assert.deepEqual([ann.videoTrackId, ann.microphone?.muted], [undefined, true]);
    assert.deepEqual([bo.videoTrackId, bo.microphone?.muted], ['bo-camera', false]);
    assert.deepEqual([ann.online, bo.online], [true, false]);
  });

  test('names start with the name of the person', () => {
    const people = [person('me', 1), person('ann', 2)];
    const tiles = tilesOf(room(people, [track('me', 'screen'), track('ann', 'screen')]), 'me');
    assert.deepEqual(tiles.filter(isShown).map(tileLabel), [
      'ME (you)',
      'ANN',
      "ME's screen (you)",
      "ANN's screen",
    ]);
  });
});

describe('stagingOf', () => {
  const people = [person('me', 1), person('ann', 2), person('bo', 3)];
  const roles = (
    tiles: readonly Tile[],
    { pinned, compact = false }: { pinned?: string; compact?: boolean } = {},
  ) =>
    Object.fromEntries(
      stagingOf(tiles, { pinned, compact, aspects: NO_ASPECTS }).map(({ id, role }) => [id, role]),
    );

  test('people alone are a grid', () => {
    assert.deepEqual(roles(tilesOf(room(people), 'me')), { me: 'grid', ann: 'grid', bo: 'grid' });
  });

  test('a screen has the stage; of two the newer one', () => {
    const tracks = [track('ann', 'screen'), track('bo', 'screen')];
    const tiles = tilesOf(room(people, tracks), 'me');
    assert.equal(roles(tiles)['bo-screen'], 'stage');
    assert.equal(roles(tiles)['ann-screen'], 'grid');
  });

  test("one's own screen does not have the stage: it would show itself", () => {
    const tiles = tilesOf(room(people, [track('me', 'screen')]), 'me');
    assert.equal(roles(tiles)['me-screen'], 'grid');
  });

  test('who is pinned has the stage, before any screen', () => {
    const tiles = tilesOf(room(people, [track('ann', 'screen')]), 'me');
    assert.equal(roles(tiles, { pinned: 'bo' }).bo, 'stage');
    assert.equal(roles(tiles, { pinned: 'bo' })['ann-screen'], 'grid');
    assert.equal(roles(tiles, { pinned: 'somebody who left' })['ann-screen'], 'stage');
  });

  test('on a phone, the own picture floats while there is one other tile', () => {
    const two = tilesOf(room(people.slice(0, 2)), 'me');
    assert.deepEqual(roles(two, { compact: true }), { me: 'float', ann: 'grid' });
    assert.deepEqual(roles(two), { me: 'grid', ann: 'grid' });
    assert.equal(roles(tilesOf(room(people), 'me'), { compact: true }).me, 'grid');
    const alone = tilesOf(room(people.slice(0, 1)), 'me');
    assert.deepEqual(roles(alone, { compact: true }), { me: 'float', invite: 'grid' });
  });

  test('screens have the shape of their picture, or of most screens until it is known', () => {
    const tiles = tilesOf(room(people, [track('ann', 'screen')]), 'me');
    const aspects = new Map([['ann-screen', 2]]);
    const of = (known: ReadonlyMap<string, number>) =>
      stagingOf(tiles, { pinned: undefined, compact: false, aspects: known }).at(-1)?.aspect;
    assert.equal(of(aspects), 2);
    assert.equal(of(NO_ASPECTS), 16 / 9);
  });
});

describe('preferencesFor', () => {
  const videos = [
    { trackId: 'small', source: 'camera' },
    { trackId: 'large', source: 'camera' },
    { trackId: 'hidden', source: 'camera' },
    { trackId: 'screen', source: 'screen' },
  ] as const;
  const heights = new Map([
    ['small', 150],
    ['large', 900],
    ['screen', 1000],
  ]);

  test('a layer by size; nothing of what is not on screen', () => {
    assert.deepEqual(Object.fromEntries(preferencesFor(videos, heights)), {
      small: { paused: false, spatialLayer: 0 },
      large: { paused: false, spatialLayer: 2 },
      hidden: { paused: true },
      screen: { paused: false, spatialLayer: 1 },
    });
  });

  test('only changes are asked for', () => {
    const before = preferencesFor(videos, heights);
    assert.deepEqual(changedPreferences(before, preferencesFor(videos, heights)), []);
    const after = preferencesFor(videos, new Map(heights).set('small', 900).set('hidden', 100));
    assert.deepEqual(changedPreferences(before, after), [
      ['small', { paused: false, spatialLayer: 2 }],
      ['hidden', { paused: false, spatialLayer: 0 }],
    ]);
  });

  test('in a small room a newcomer is on screen without hurry, and whoever was hidden with it', () => {
    const before = preferencesFor(videos, heights);
    const joined = [...videos, { trackId: 'new', source: 'camera' } as const];
    const after = preferencesFor(joined, new Map(heights).set('new', 150), before);
    assert.equal(comesIntoView(before, after, joined), false);
    const turned = preferencesFor(videos, new Map(heights).set('hidden', 150), before);
    assert.equal(comesIntoView(before, turned, videos), true);
  });

  test('in a large room only those are named that are on screen, or were', () => {
    const crowd = Array.from({ length: 1_000 }, (_, n) => ({
      trackId: `camera-${n}`,
      source: 'camera' as const,
    }));
    const first = preferencesFor(crowd, new Map([['camera-1', 150]]));
    assert.deepEqual([...first.keys()], ['camera-1']);
    const next = preferencesFor(crowd, new Map([['camera-500', 150]]), first);
    assert.deepEqual(Object.fromEntries(next), {
      'camera-1': { paused: true },
      'camera-500': { paused: false, spatialLayer: 0 },
    });
    assert.equal(comesIntoView(first, next, crowd), true);
  });
});

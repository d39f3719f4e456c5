// Which tracks a participant receives, in rooms of any size.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type InterestLimits,
  type InterestTrack,
  interest,
  RoomInterest,
  type View,
} from '../../../server/room/interest.ts';
import type { Preference } from '../../../shared/protocol/media-messages.ts';

const LIMITS: InterestLimits = {
  everyVoiceUpTo: 4,
  voices: 2,
  readyVoices: 2,
  pictures: 3,
  maxPictures: 5,
  sharpPictures: 2,
};
const SELF = 'self';

const voice = (name: string): InterestTrack => ({
  trackId: `${name}-voice`,
  participantId: name,
  kind: 'audio',
  source: 'microphone',
});
const picture = (name: string, source: 'camera' | 'screen' = 'camera'): InterestTrack => ({
  trackId: `${name}-${source}`,
  participantId: name,
  kind: 'video',
  source,
});

function roomOf(...tracks: InterestTrack[]): RoomInterest<InterestTrack> {
  const room = new RoomInterest<InterestTrack>(LIMITS);
  for (const track of tracks) room.set(track, { muted: false });
  return room;
}

function wantsOf(
  room: RoomInterest<InterestTrack>,
  preferences: Record<string, Preference> = {},
  others: View['others'] = 'chosen',
  self = SELF,
) {
  const view = { preferences: new Map(Object.entries(preferences)), others };
  const wants = interest(self, room.common, (id) => room.get(id), view, LIMITS);
  const of = (paused: boolean) =>
    [...wants.values()].filter((want) => want.paused === paused).map(({ track }) => track.trackId);
  return { playing: of(false), ready: of(true), all: [...wants.keys()].sort() };
}

const voices = (names: string) => [...names].map(voice);
const pictures = (names: string) => [...names].map((name) => picture(name));

describe('voices', () => {
  test('in a small room everybody is heard, muted ones are ready to be', () => {
    const room = roomOf(...voices('abcd'));
    room.mute('d-voice', true);
    assert.deepEqual(wantsOf(room).all, ['a-voice', 'b-voice', 'c-voice', 'd-voice']);
  });

  test('in a large one those who spoke last are heard, those before them are ready', () => {
    const room = roomOf(...voices('abcdef'));
    for (const name of 'fedc') room.spoke([`${name}-voice`]);
    const { playing, ready } = wantsOf(room);
    assert.deepEqual(playing, ['c-voice', 'd-voice']);
    assert.deepEqual(ready, ['e-voice', 'f-voice']);
  });

  test('before anybody has spoken there are voices already: nobody waits for the first word of those', () => {
    assert.deepEqual(wantsOf(roomOf(...voices('abcdef'))).playing, ['a-voice', 'b-voice']);
  });

  test('whoever speaks among those who are heard changes nothing for anybody', () => {
    const room = roomOf(...voices('abcdef'));
    assert.equal(room.spoke(['f-voice', 'e-voice']), true);
    const { common } = room;
    assert.equal(room.spoke(['e-voice', 'f-voice']), false);
    assert.equal(room.common, common);
  });

  test('of several who speak at once the loudest are heard', () => {
    const room = roomOf(...voices('abcdef'));
    room.spoke(['d-voice', 'e-voice', 'f-voice']);
    const { playing, ready } = wantsOf(room);
    assert.deepEqual([playing, ready[0]], [['d-voice', 'e-voice'], 'f-voice']);
  });

  test('where more speak than are heard, those who are heard stay, however loud the others are', () => {
    const room = roomOf(...voices('abcdef'));
    room.spoke(['d-voice', 'e-voice', 'f-voice']);
    room.spoke(['f-voice', 'e-voice', 'd-voice']);
    assert.deepEqual(wantsOf(room).playing.toSorted(), ['d-voice', 'e-voice']);
    room.spoke(['f-voice', 'e-voice']);
    assert.deepEqual(wantsOf(room).playing.toSorted(), ['e-voice', 'f-voice']);
  });

  test('a speaker hears others, as many as everybody else', () => {
    const room = roomOf(...voices('abcdef'));
    room.spoke(['a-voice', 'b-voice', 'c-voice']);
    assert.deepEqual(wantsOf(room, {}, 'chosen', 'a').playing, ['b-voice', 'c-voice']);
  });

  test('whoever unmutes is heard at once, in place of the one who has been silent longest', () => {
    const room = roomOf(...voices('abcdef'));
    room.mute('f-voice', true);
    room.spoke(['a-voice', 'b-voice']);
    room.mute('f-voice', false);
    assert.deepEqual(wantsOf(room).playing, ['a-voice', 'f-voice']);
  });

  test('muted voices take no place', () => {
    const room = roomOf(...voices('abcdef'));
    room.spoke(['a-voice', 'b-voice']);
    room.mute('a-voice', true);
    assert.deepEqual(wantsOf(room).playing, ['b-voice', 'c-voice']);
    assert.equal(room.spoke(['a-voice']), false);
  });

  test('a voice that only seemed to speak gives its place back to the one who had it', () => {
    const room = roomOf(...voices('abcdef'));
    room.spoke(['a-voice', 'b-voice']);
    room.spoke(['f-voice']);
    assert.deepEqual(wantsOf(room).playing, ['f-voice', 'a-voice']);
    room.fellSilent('f-voice');
    assert.deepEqual(wantsOf(room).playing, ['a-voice', 'b-voice']);
    const { common } = room;
    room.fellSilent('e-voice');
    assert.equal(room.common, common);
  });

  test('a voice that the client paused costs no packets', () => {
    const room = roomOf(...voices('ab'));
    assert.deepEqual(wantsOf(room, { 'a-voice': { paused: true } }).playing, ['b-voice']);
  });
});

describe('pictures', () => {
  test('of a small room all are sent, and hidden ones kept ready', () => {
    const room = roomOf(...pictures('abc'));
    const { playing, ready } = wantsOf(room, { 'b-camera': { paused: true } }, 'hidden');
    assert.deepEqual([playing, ready], [['a-camera', 'c-camera'], ['b-camera']]);
  });

  test('a client that never says what it looks at gets a few, screens first', () => {
    const room = roomOf(...pictures('abcdef'), picture('g', 'screen'));
    assert.deepEqual(wantsOf(room).playing, ['g-screen', 'a-camera', 'b-camera']);
  });

  test('a client that says so receives what it names, and nothing else', () => {
    const room = roomOf(...pictures('abcdef'));
    const wants = wantsOf(room, { 'e-camera': {}, 'a-camera': { paused: true } }, 'hidden');
    assert.deepEqual(wants.all, ['e-camera']);
  });

  test('one client cannot look at more than the limit', () => {
    const room = roomOf(...pictures('abcdefgh'));
    const all = Object.fromEntries([...'abcdefgh'].map((name) => [`${name}-camera`, {}]));
    assert.equal(wantsOf(room, all, 'hidden').all.length, LIMITS.maxPictures);
  });

  test('the own picture, one that is gone, and a voice named as one are not sent', () => {
    const room = roomOf(...pictures('abcd'), picture(SELF), voice('a'));
    const named = { [`${SELF}-camera`]: {}, 'gone-camera': {}, 'a-voice': {} };
    assert.deepEqual(wantsOf(room, named, 'hidden').all, ['a-voice']);
  });

  test('where many cameras share a window, those not looked for yet come in their lowest layer', () => {
    const layersOf = (room: RoomInterest<InterestTrack>, ...named: [string, Preference][]) => {
      const view: View = { preferences: new Map(named), others: 'chosen' };
      const wants = interest(SELF, room.common, (id) => room.get(id), view, LIMITS);
      return Object.fromEntries(
        [...wants].map(([trackId, { preference }]) => [trackId, preference?.spatialLayer]),
      );
    };
    const room = roomOf(...pictures('ab'), picture(SELF), picture('s', 'screen'));
    const all = { 's-screen': undefined, 'a-camera': undefined, 'b-camera': undefined };
    assert.deepEqual(layersOf(room), all, 'as many as the limit, one of them the own');

    const crowded = roomOf(...pictures('abc'));
    const lowest = { 'a-camera': 0, 'b-camera': 0, 'c-camera': 0 };
    assert.deepEqual(layersOf(crowded), lowest);
    const named = layersOf(crowded, ['b-camera', { spatialLayer: 2 }], ['c-camera', {}]);
    assert.deepEqual(named, { 'a-camera': 0, 'b-camera': 2, 'c-camera': undefined });

    crowded.set(picture('s', 'screen'), { muted: false });
    assert.equal(layersOf(crowded)['s-screen'], undefined, 'a screen is never turned down');
  });

  test('one more picture in a large room changes nothing that all have in common', () => {
    const room = roomOf(...pictures('abcdefg'));
    const { common } = room;
    room.set(picture('h'), { muted: false });
    assert.equal(room.common, common);
  });

  test('a picture that is sent in another way is another one for everybody who may see it', () => {
    const room = roomOf(...pictures('abc'));
    const { common } = room;
    room.replace(picture('a'));
    assert.notEqual(room.common, common);
  });
});

/** Any order of what can happen in a room. */
const name = fc.constantFrom(...'abcdefghij');
const EVENT = fc.oneof(
  fc.record({ type: fc.constant('join' as const), name, muted: fc.boolean() }),
  fc.record({ type: fc.constant('leave' as const), name }),
  fc.record({ type: fc.constant('screen' as const), name }),
  fc.record({ type: fc.constant('mute' as const), name, muted: fc.boolean() }),
  fc.record({ type: fc.constant('speak' as const), names: fc.uniqueArray(name, { maxLength: 4 }) }),
);
type Event = typeof EVENT extends fc.Arbitrary<infer T> ? T : never;

function happen(room: RoomInterest<InterestTrack>, event: Event): void {
  switch (event.type) {
    case 'join':
      room.set(voice(event.name), { muted: event.muted });
      room.set(picture(event.name), { muted: false });
      break;
    case 'leave':
      room.remove(`${event.name}-voice`);
      room.remove(`${event.name}-camera`);
      room.remove(`${event.name}-screen`);
      break;
    case 'screen':
      room.set(picture(event.name, 'screen'), { muted: false });
      break;
    case 'mute':
      room.mute(`${event.name}-voice`, event.muted);
      break;
    case 'speak':
      room.spoke(event.names.map((each) => `${each}-voice`));
  }
}

test('whatever happens in a room, nobody receives more than the limits, themselves, or what is gone', () => {
  fc.assert(
    fc.property(
      fc.array(EVENT, { maxLength: 60 }),
      fc.array(name, { maxLength: 6 }),
      name,
      (events, named, self) => {
        const room = new RoomInterest<InterestTrack>(LIMITS);
        for (const event of events) happen(room, event);
        const view = {
          preferences: new Map(named.map((each) => [`${each}-camera`, {}])),
          others: 'hidden' as const,
        };
        const wants = interest(self, room.common, (id) => room.get(id), view, LIMITS);
        const playing = [...wants.values()].filter(({ paused }) => !paused);
        const count = (kind: string) => playing.filter(({ track }) => track.kind === kind).length;
        assert.ok(count('video') <= LIMITS.maxPictures);
        const { isEveryVoice } = room.common;
        assert.ok(count('audio') <= (isEveryVoice ? LIMITS.everyVoiceUpTo : LIMITS.voices));
        for (const [trackId, { track }] of wants) {
          assert.equal(room.get(trackId), track);
          assert.notEqual(track.participantId, self);
        }
      },
    ),
  );
});

test('whoever speaks alone is heard by everybody, whatever happened before', () => {
  fc.assert(
    fc.property(fc.array(EVENT, { maxLength: 60 }), name, (events, speaker) => {
      const room = new RoomInterest<InterestTrack>(LIMITS);
      for (const event of events) happen(room, event);
      room.set(voice(speaker), { muted: false });
      room.spoke([`${speaker}-voice`]);
      assert.ok(wantsOf(room).playing.includes(`${speaker}-voice`));
    }),
  );
});

test('what is common says when it changed: a client that follows only that has what a new one would get', () => {
  fc.assert(
    fc.property(fc.array(EVENT, { maxLength: 60 }), (events) => {
      const room = new RoomInterest<InterestTrack>(LIMITS);
      let { common } = room;
      let wants = wantsOf(room);
      for (const event of events) {
        happen(room, event);
        if (room.common !== common) {
          common = room.common;
          wants = wantsOf(room);
        }
        assert.deepEqual(wantsOf(room), wants);
      }
    }),
  );
});

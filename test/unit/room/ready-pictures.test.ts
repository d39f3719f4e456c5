// Pictures that a participant has looked away from: kept ready in a small room alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type InterestTrack, interest, RoomInterest } from '../../../server/room/interest.ts';

const LIMITS = {
  ...{ everyVoiceUpTo: 4, voices: 2, readyVoices: 2 },
  ...{ pictures: 3, maxPictures: 5, sharpPictures: 2 },
};

const track = (name: string, kind: 'audio' | 'video'): InterestTrack => ({
  trackId: `${name}-${kind}`,
  participantId: name,
  kind,
});

/** The pictures of a room with two cameras, of which one was named and paused; paused ones are kept ready. */
function picturesWith(voices: string): [trackId: string, paused: boolean][] {
  const room = new RoomInterest<InterestTrack>(LIMITS);
  for (const name of 'ab') room.set(track(name, 'video'), { muted: false });
  for (const name of voices) room.set(track(name, 'audio'), { muted: false });
  const preferences = new Map([['a-video', { paused: true }]]);
  const view = { preferences, others: 'hidden' } as const;
  const wants = interest('self', room.common, (id) => room.get(id), view, LIMITS);
  return [...wants.values()].flatMap(({ track: { trackId, kind }, paused }) =>
    kind === 'video' ? [[trackId, paused]] : [],
  );
}

test('where everybody is heard a hidden picture is kept ready', () => {
  assert.deepEqual(
    new Map(picturesWith('abcd')),
    new Map([
      ['a-video', true],
      ['b-video', false],
    ]),
  );
});

test('where voices are chosen none is, however few there are', () => {
  assert.deepEqual(picturesWith('abcde'), []);
});

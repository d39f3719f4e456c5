import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { folded, listed, PAGE_LENGTH } from '../../../shared/room/listing.ts';
import type { Participant, Track } from '../../../shared/room/room.ts';

const NAMES = ['Zoë Ångström', 'zoe miller', 'Bjørn', 'Łukasz', 'Ｗｉｄｅ', 'José  María'];

function roomOf(names: readonly string[]): { participants: Participant[]; tracks: Track[] } {
  const participants = names.map((name, index): Participant => {
    return { id: `participant-${index}`, name, role: 'guest', joinedAt: index, online: true };
  });
  const tracks = participants.map(({ id }, index): Track => {
    const isCamera = index % 2 === 0;
    return {
      id: `track-of-${id}`,
      participantId: id,
      kind: isCamera ? 'video' : 'audio',
      source: isCamera ? 'camera' : 'microphone',
      muted: false,
    };
  });
  return { participants, tracks };
}

describe('a page of participants', () => {
  const room = roomOf(NAMES);
  const names = (search: string) => listed(room, { search }).participants.map(({ name }) => name);

  it('is found by a part of the name, whatever its case and its accents', () => {
    assert.deepEqual(names('ZOE'), ['Zoë Ångström', 'zoe miller']);
    assert.deepEqual(names('angstr'), ['Zoë Ångström']);
    assert.deepEqual(names('zoë'), ['Zoë Ångström', 'zoe miller']);
    assert.deepEqual(names('wide'), ['Ｗｉｄｅ']);
    assert.deepEqual(names(' jose maria '), ['José  María']);
    assert.deepEqual(names('nobody'), []);
  });

  it('has everybody where nothing is searched for, in the order in which they came', () => {
    assert.deepEqual(names('   '), NAMES);
    assert.deepEqual(listed(room, {}).total, NAMES.length);
  });

  it('is a part of those found, with their tracks and the number of all', () => {
    const page = listed(room, { offset: 1, limit: 2 });
    assert.deepEqual(
      page.participants.map(({ name }) => name),
      NAMES.slice(1, 3),
    );
    assert.deepEqual(
      page.tracks.map(({ participantId }) => participantId),
      ['participant-1', 'participant-2'],
    );
    assert.equal(page.total, NAMES.length);
    assert.deepEqual(listed(room, { offset: 100 }), {
      participants: [],
      tracks: [],
      total: NAMES.length,
    });
  });

  it('has those with a picture alone, where that is asked for', () => {
    const { participants, total } = listed(room, { with: 'pictures', search: 'o' });
    assert.deepEqual(
      participants.map(({ name }) => name),
      ['Zoë Ångström'],
    );
    assert.equal(total, 1);
  });

  it('has a length of its own where the query has none', () => {
    const many = roomOf(Array.from({ length: PAGE_LENGTH + 1 }, (_, index) => `Name ${index}`));
    assert.equal(listed(many, {}).participants.length, PAGE_LENGTH);
  });

  it('compares letters that have accents in Unicode alone: others are letters of their own', () => {
    assert.equal(folded('Crème Brûlée'), 'creme brulee');
    assert.equal(folded('ø'), 'ø');
  });
});

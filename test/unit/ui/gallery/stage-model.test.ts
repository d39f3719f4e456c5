// The stage of a room that changes: who has which place, which tiles stay the same, and what is asked of the server.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { effect, signal } from '@preact/signals';
import { StageModel } from '../../../../client/ui/stage/stage-model.ts';
import { listed, type ParticipantQuery } from '../../../../shared/room/listing.ts';
import type { Participant, RoomSnapshot, Track } from '../../../../shared/room/room.ts';

const LAPTOP = { width: 1256, height: 690 };

/** `me`, then `p1` and so on. The last `pictures` have a camera, all have a microphone. */
function roomOf(count: number, pictures = 0): RoomSnapshot {
  const ids = ['me', ...Array.from({ length: count - 1 }, (_, index) => `p${index + 1}`)];
  const participants = ids.map((id, joinedAt): Participant => {
    return { id, name: `Name of ${id}`, role: 'guest', joinedAt, online: true };
  });
  const track = (participantId: string, source: 'microphone' | 'camera'): Track => {
    const kind = source === 'camera' ? 'video' : 'audio';
    return { id: `${source}-${participantId}`, participantId, kind, source, muted: false };
  };
  const tracks = ids.map((id) => track(id, 'microphone'));
  const cameras = pictures > 0 ? ids.slice(-pictures).map((id) => track(id, 'camera')) : [];
  return { room: 'hall', version: 1, participants, tracks: [...tracks, ...cameras], chat: [] };
}

function part(room: RoomSnapshot, ids: readonly string[]): RoomSnapshot {
  const known = new Set(ids);
  return {
    ...room,
    participants: room.participants.filter(({ id }) => known.has(id)),
    tracks: room.tracks.filter(({ participantId }) => known.has(participantId)),
    pictured: new Set(
      room.tracks.filter(({ kind }) => kind === 'video').map((t) => t.participantId),
    ).size,
  };
}

function stageOf(first: RoomSnapshot, whole = first) {
  const room = signal<RoomSnapshot>(first);
  const count = signal(whole.participants.length);
  const asked: ParticipantQuery[] = [];
  const call = {
    findParticipants: async (query: ParticipantQuery) => {
      asked.push(query);
      const page = listed(whole, query);
      // As the SDK does: the room has them before the answer is there.
      if (room.peek().pictured !== undefined) {
        const ids = [...room.peek().participants, ...page.participants].map(({ id }) => id);
        room.value = part(whole, ids);
      }
      return page;
    },
  };
  const stage = new StageModel({ room, count, call, selfId: 'me', compact: signal(false) });
  stage.viewport.value = LAPTOP;
  const shown = () => stage.layout.value.placements.map(({ id }) => id);
  return { stage, room, count, asked, shown };
}

describe('places', () => {
  test('the own tile is the first one, also when the room was known before the own join', () => {
    const all = roomOf(5);
    const others = all.participants.filter(({ id }) => id !== 'me');
    const { stage, room, shown } = stageOf({ ...all, participants: others });
    room.value = all;
    assert.deepEqual(shown(), ['me', 'p1', 'p2', 'p3', 'p4']);
    stage.close();
  });

  test('pictures of later pages come onto the first; a camera that goes off moves nobody', () => {
    const all = roomOf(40, 4);
    const { stage, room, shown } = stageOf(all);
    const first = shown();
    assert.equal(first.length, 16);
    for (const id of ['p36', 'p37', 'p38', 'p39']) assert.ok(first.includes(id), id);
    assert.deepEqual(
      first.slice(0, 12),
      all.participants.slice(0, 12).map(({ id }) => id),
    );
    room.value = { ...all, tracks: all.tracks.filter(({ id }) => id !== 'camera-p38') };
    assert.deepEqual(shown(), first);
    stage.close();
  });

  test('the own voice moves nobody, whichever page is looked at', () => {
    const { stage, shown } = stageOf(roomOf(40, 40));
    stage.turnPage(1);
    const second = shown();
    stage.heard(new Set(['me']));
    stage.heard(new Set(['me']));
    assert.deepEqual(shown(), second);
    stage.turnPage(-1);
    assert.equal(shown()[0], 'me');
    stage.close();
  });

  test('a speaker without a picture stays for a while, though somebody with one has to wait', () => {
    const all = roomOf(40, 30);
    const { stage, room, shown } = stageOf(all);
    assert.ok(!shown().includes('p3'));
    stage.heard(new Set(['p3']));
    stage.heard(new Set(['p3']));
    stage.heard(new Set());
    assert.ok(shown().includes('p3'));
    room.value = { ...all, participants: [...all.participants] };
    assert.ok(shown().includes('p3'));
    stage.close();
  });
});

test('a change of one tile is a change of one object; speech is a change of none', () => {
  const all = roomOf(1_000, 100);
  const { stage, room } = stageOf(all);
  let draws = 0;
  const end = effect(() => {
    draws += stage.inDocument.value.length > 0 ? 1 : 0;
  });
  const before = stage.inDocument.value;
  stage.heard(new Set(['p999']));
  assert.equal(draws, 1);
  const shown = before.find(({ id }) => id === 'p999');
  assert.ok(shown);
  const muted = { ...all.tracks.find(({ id }) => id === 'microphone-p999')!, muted: true };
  room.value = {
    ...all,
    tracks: all.tracks.map((track) => (track.id === muted.id ? muted : track)),
  };
  assert.equal(draws, 2);
  const fresh = stage.inDocument.value.filter((tile, index) => tile !== before[index]);
  assert.deepEqual(
    fresh.map(({ id }) => id),
    ['p999'],
  );
  end();
  stage.close();
});

describe('a room that the page knows in part', () => {
  const whole = roomOf(300, 60);
  const pictured = whole.participants.slice(-60).map(({ id }) => id);

  test('has a tile for each picture, and asks for the names of those that are looked at', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { stage, asked, shown } = stageOf(part(whole, ['me', ...pictured.slice(0, 25)]), whole);
    assert.equal(stage.layout.value.pages, 4);
    t.mock.timers.tick(1_000);
    assert.deepEqual(asked, [], 'all of the first page are known');
    stage.turnPage(1);
    // Pages that are only passed cost nothing.
    stage.turnPage(1);
    assert.ok(shown().every((id) => id.startsWith('waiting-')));
    t.mock.timers.tick(1_000);
    await settled();
    assert.deepEqual(asked, [{ with: 'pictures', offset: 31, limit: 16 }]);
    assert.deepEqual(shown(), pictured.slice(31, 47));
    assert.equal(stage.layout.value.pages, 4);
    stage.close();
  });

  test('keeps the places of those whom the server does not name any more, and looks them up', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { stage, room, asked, shown } = stageOf(part(whole, ['me', ...pictured]), whole);
    const [, gone = ''] = shown();
    const before = shown();
    const left = {
      ...whole,
      participants: whole.participants.filter(({ id }) => id !== gone),
      tracks: whole.tracks.filter(({ participantId }) => participantId !== gone),
    };
    Object.assign(whole, left);
    room.value = part(left, ['me', ...pictured.slice(30)]);
    assert.deepEqual(shown(), before);
    t.mock.timers.tick(1_000);
    await settled();
    assert.ok(asked.length > 0 && asked.length <= 4, `${asked.length} requests`);
    assert.ok(!shown().includes(gone));
    assert.equal(shown().length, 16);
    stage.close();
  });
});

/** Everything that waits for an answer has had it. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

// The room as a client sees it, in part: changes of the part, its size, pages, and what is missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoomView } from '../../../../client/sdk/session/room-view.ts';
import type { RosterChange } from '../../../../shared/protocol/roster-messages.ts';
import {
  emptyRoom,
  type Participant,
  type RoomSnapshot,
  type Track,
} from '../../../../shared/room/room.ts';

const participant = (id: string): Participant => {
  return { id, name: `Name of ${id}`, role: 'guest', joinedAt: 1, online: true };
};
const camera = (owner: string): Track => {
  const rest = { kind: 'video', source: 'camera', muted: false } as const;
  return { id: `camera-of-${owner}`, participantId: owner, ...rest };
};
const message = (id: string) => {
  return { id, participantId: 'gone', name: 'Gone', text: 'hello', sentAt: 1 };
};

const PART: RoomSnapshot = {
  ...emptyRoom('hall'),
  version: 10,
  participants: [participant('self'), participant('speaker')],
  tracks: [camera('speaker')],
  count: 200,
  pictured: 3,
};

function part(): RoomView {
  const view = new RoomView('hall');
  view.adopt(PART);
  return view;
}

const change = (rest: Partial<RosterChange>): RosterChange => {
  return { since: 10, version: 12, ops: [], away: [], count: 201, pictured: 4, ...rest };
};
const ids = ({ snapshot }: RoomView) => snapshot.participants.map(({ id }) => id);

test('a change may skip versions that concern nobody here', () => {
  const view = part();
  const { snapshot } = view;
  const ops = [{ op: 'mute', trackId: 'camera-of-speaker', muted: true, by: 'speaker' }] as const;
  assert.equal(view.change(change({ ops: [...ops] })), 'applied');
  assert.equal(view.snapshot.tracks[0]?.muted, true);
  assert.deepEqual([view.count, view.snapshot.pictured, view.snapshot.version], [201, 4, 12]);
  assert.deepEqual(snapshot, PART, 'a snapshot that was given out never changes');
});

test('those who are away are not known any more, with their tracks', () => {
  const view = part();
  view.change(change({ away: ['speaker'] }));
  assert.deepEqual([ids(view), view.snapshot.tracks], [['self'], []]);
  assert.equal(view.count, 201);
});

test('one that begins later than we are is a gap, one of before is taken without harm', () => {
  const view = part();
  assert.equal(view.change(change({ since: 11 })), 'gap');
  assert.equal(view.snapshot.version, 10);
  const ops = [{ op: 'join', participant: participant('speaker') }] as const;
  assert.equal(view.change(change({ since: 2, version: 9, ops: [...ops] })), 'applied');
  assert.deepEqual(ids(view), ['self', 'speaker']);
  assert.equal(view.snapshot.version, 10);
});

test('one for a part is a gap where all of the room is known', () => {
  const view = new RoomView('hall');
  view.adopt({ ...emptyRoom('hall'), version: 10 });
  assert.equal(view.change(change({})), 'gap');
});

test('the size changes alone, in a part alone, and says whether it did', () => {
  const view = part();
  assert.equal(view.resize({ count: 200, pictured: 3 }), false);
  assert.equal(view.resize({}), false);
  assert.equal(view.resize({ count: 199, pictured: 3 }), true);
  assert.equal(view.count, 199);
  const whole = new RoomView('hall');
  assert.equal(whole.resize({ count: 199, pictured: 3 }), false);
  assert.equal(whole.count, 0);
});

test('a page is added to a part, and is newer than what is known of those on it', () => {
  const view = part();
  const away = { ...participant('speaker'), online: false };
  view.add({ participants: [away, participant('found')], tracks: [camera('found')] });
  assert.deepEqual(ids(view), ['self', 'speaker', 'found']);
  assert.equal(view.snapshot.participants[1]?.online, false);
  assert.deepEqual(view.snapshot.tracks, [camera('found')]);
});

test('the chat stays when the room is cut down to a part, or becomes whole', () => {
  const view = new RoomView('hall');
  view.adopt({ ...emptyRoom('hall'), chat: [message('message-one')] });
  view.adopt({ ...PART, chat: [] });
  assert.ok(view.isPart);
  const ops = [{ op: 'chat', message: message('message-two') }] as const;
  view.change(change({ ops: [...ops] }));
  view.adopt(emptyRoom('hall'));
  assert.ok(!view.isPart);
  assert.deepEqual(
    view.snapshot.chat.map(({ id }) => id),
    ['message-one', 'message-two'],
  );
});

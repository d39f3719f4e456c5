// The participants of a room are found without a look at all of them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoomParticipants } from '../../../../server/sfu/rooms/room-participants.ts';
import type { RoomRouter } from '../../../../server/sfu/rooms/room-router.ts';

const [one, two] = [{ id: 'one' }, { id: 'two' }] as unknown as [RoomRouter, RoomRouter];
const participant = (participantId: string, router = one) => ({ participantId, router });

test('those on a router are counted, and one that replaces another counts once', () => {
  const room = new RoomParticipants<ReturnType<typeof participant>>();
  const [ada, ben] = [participant('ada'), participant('ben', two)];
  for (const each of [ada, ben]) room.add(each);
  assert.deepEqual([room.on(one), room.on(two), room.size], [1, 1, 2]);
  const moved = participant('ada', two);
  room.add(moved);
  assert.deepEqual([room.on(one), room.on(two), room.size], [0, 2, 2]);
  room.remove(ada);
  assert.equal(room.get('ada'), moved, 'the former one takes nothing along');
  room.remove(moved);
  room.remove(moved);
  assert.deepEqual([room.on(two), room.size, [...room.all]], [1, 1, [ben]]);
});

test('a change of a track concerns those who have named it', () => {
  const room = new RoomParticipants<ReturnType<typeof participant>>();
  const [ada, ben] = [participant('ada'), participant('ben')];
  room.named(ada, 'x', true);
  room.named(ada, 'y', true);
  room.named(ben, 'y', true);
  assert.deepEqual([...room.naming(['x', 'y', 'z'])], [ada, ben]);
  room.named(ada, 'y', false);
  room.named(ada, 'y', false);
  assert.deepEqual([...room.naming(['y'])], [ben]);
  room.named(ben, 'y', false);
  assert.deepEqual([...room.naming(['y'])], []);
});

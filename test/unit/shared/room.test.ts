// The room that everybody agrees on: how patches change it, and what no patch may break.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from '../../../shared/protocol/rpc.ts';
import { applyPatch, type RoomOp } from '../../../shared/room/operations.ts';
import {
  emptyRoom,
  type Participant,
  RoomSnapshot,
  type Track,
} from '../../../shared/room/room.ts';

const CHAT_HISTORY = 5;
const PEOPLE = ['person-aaaa', 'person-bbbb', 'person-cccc'] as const;
const TRACKS = ['track-aaaaa', 'track-bbbbb', 'track-ccccc', 'track-ddddd'] as const;
const MESSAGES = Array.from({ length: 12 }, (_, n) => `message-${String(n).padStart(3, '0')}`);

const participant = (id: string, online = true): Participant => ({
  id,
  name: 'Somebody',
  role: 'guest',
  joinedAt: 0,
  online,
});
const track = (id: string, participantId: string, muted = false): Track => ({
  id,
  participantId,
  kind: 'audio',
  source: 'microphone',
  muted,
});
const message = (id: string, participantId: string) => ({
  id,
  participantId,
  name: 'Somebody',
  text: 'hello',
  sentAt: 0,
});

function after(ops: readonly RoomOp[], room = emptyRoom('room')): RoomSnapshot {
  return ops.reduce((state, op) => {
    const next = applyPatch(
      state,
      { version: state.version + 1, ops: [op] },
      { chatHistory: CHAT_HISTORY },
    );
    assert.ok(next);
    return next;
  }, room);
}

/** Operations that a store would accept one after the other: who publishes is in the room. */
const validOps: fc.Arbitrary<RoomOp[]> = fc
  .array(
    fc.record({
      kind: fc.constantFrom('join', 'presence', 'leave', 'publish', 'mute', 'unpublish', 'chat'),
      person: fc.constantFrom(...PEOPLE),
      track: fc.constantFrom(...TRACKS),
      message: fc.constantFrom(...MESSAGES),
      flag: fc.boolean(),
    }),
    { maxLength: 60 },
  )
  .map((steps) => {
    let room = emptyRoom('room');
    const ops: RoomOp[] = [];
    for (const step of steps) {
      const op = toOp(step);
      const isPresent = room.participants.some(({ id }) => id === step.person);
      if (step.kind !== 'join' && !isPresent) continue;
      const owner = room.tracks.find(({ id }) => id === step.track)?.participantId;
      if (step.kind === 'publish' && owner !== undefined && owner !== step.person) continue;
      ops.push(op);
      room = after([op], room);
    }
    return ops;
  });

function toOp(step: {
  kind: string;
  person: string;
  track: string;
  message: string;
  flag: boolean;
}): RoomOp {
  const { person, flag } = step;
  switch (step.kind) {
    case 'join':
      return { op: 'join', participant: participant(person, flag) };
    case 'presence':
      return { op: 'presence', participantId: person, online: flag };
    case 'leave':
      return { op: 'leave', participantId: person };
    case 'publish':
      return { op: 'publish', track: track(step.track, person, flag) };
    case 'mute':
      return { op: 'mute', trackId: step.track, muted: flag, by: person };
    case 'unpublish':
      return { op: 'unpublish', trackId: step.track };
    default:
      return { op: 'chat', message: message(step.message, person) };
  }
}

test('no sequence of valid operations breaks the room', () => {
  fc.assert(
    fc.property(validOps, (ops) => {
      const room = after(ops);
      const people = room.participants.map(({ id }) => id);
      const tracks = room.tracks.map(({ id }) => id);
      const messages = room.chat.map(({ id }) => id);
      assert.equal(room.version, ops.length);
      for (const { participantId } of room.tracks) assert.ok(people.includes(participantId));
      for (const ids of [people, tracks, messages]) assert.equal(new Set(ids).size, ids.length);
      assert.ok(room.chat.length <= CHAT_HISTORY);
      assert.deepEqual(parse(RoomSnapshot, room), room, 'it is what the protocol says it is');
    }),
    { numRuns: 500 },
  );
});

test('an operation that is repeated at once changes nothing but the version', () => {
  fc.assert(
    fc.property(validOps, (ops) => {
      for (const [index] of ops.entries()) {
        const once = after(ops.slice(0, index + 1));
        const twice = after(ops.slice(index, index + 1), once);
        assert.deepEqual({ ...twice, version: 0 }, { ...once, version: 0 });
      }
    }),
    { numRuns: 100 },
  );
});

test('the same operations give the same room, in one patch or in many', () => {
  fc.assert(
    fc.property(validOps, (ops) => {
      const one = applyPatch(emptyRoom('room'), { version: 1, ops }, { chatHistory: CHAT_HISTORY });
      assert.deepEqual({ ...one, version: 0 }, { ...after(ops), version: 0 });
    }),
    { numRuns: 100 },
  );
});

test('a patch applies only to the version before it', () => {
  const room = { ...emptyRoom('room'), version: 5 };
  for (const version of [0, 4, 5, 7, 100]) {
    assert.equal(applyPatch(room, { version, ops: [] }, { chatHistory: 1 }), undefined);
  }
  assert.equal(applyPatch(room, { version: 6, ops: [] }, { chatHistory: 1 })?.version, 6);
});

test('applying a patch leaves the room that it started from as it was', () => {
  const before = after([
    { op: 'join', participant: participant(PEOPLE[0]) },
    { op: 'publish', track: track(TRACKS[0], PEOPLE[0]) },
  ]);
  const copy = structuredClone(before);
  after([{ op: 'mute', trackId: TRACKS[0], muted: true, by: PEOPLE[0] }], before);
  after([{ op: 'leave', participantId: PEOPLE[0] }], before);
  assert.deepEqual(before, copy);
});

test('whoever leaves takes their tracks along, and their words stay', () => {
  const room = after([
    { op: 'join', participant: participant(PEOPLE[0]) },
    { op: 'join', participant: participant(PEOPLE[1]) },
    { op: 'publish', track: track(TRACKS[0], PEOPLE[0]) },
    { op: 'publish', track: track(TRACKS[1], PEOPLE[1]) },
    { op: 'chat', message: message('message-000', PEOPLE[0]) },
    { op: 'leave', participantId: PEOPLE[0] },
  ]);
  assert.deepEqual(
    room.participants.map(({ id }) => id),
    [PEOPLE[1]],
  );
  assert.deepEqual(
    room.tracks.map(({ id }) => id),
    [TRACKS[1]],
  );
  assert.equal(room.chat.length, 1);
});

test('only the newest messages are kept, and none when none are to be kept', () => {
  const ops: RoomOp[] = MESSAGES.map((id) => ({ op: 'chat', message: message(id, PEOPLE[0]) }));
  assert.deepEqual(
    after(ops).chat.map(({ id }) => id),
    MESSAGES.slice(-CHAT_HISTORY),
  );
  const none = applyPatch(emptyRoom('room'), { version: 1, ops }, { chatHistory: 0 });
  assert.deepEqual(none?.chat, []);
});

// The state of a room that changes in steps is the same as the snapshot that patches are applied to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Roster } from '../../../server/room/roster.ts';
import { applyPatch, type RoomOp } from '../../../shared/room/operations.ts';
import { type Condition, holds } from '../../../shared/room/primitives.ts';
import { emptyRoom } from '../../../shared/room/room.ts';

const KEPT = { chatHistory: 3 };
const who = fc.constantFrom('participant-a', 'participant-b', 'participant-c');
const what = fc.constantFrom('track-aaaaaa', 'track-bbbbbb', 'track-cccccc');
const flag = fc.boolean();

const ops: fc.Arbitrary<RoomOp> = fc.oneof(
  fc.tuple(who, flag).map(([id, online]): RoomOp => {
    const participant = { id, name: 'Name', role: 'guest' as const, joinedAt: 1, online };
    return { op: 'join', participant };
  }),
  fc.tuple(who, flag).map(([participantId, online]): RoomOp => {
    return { op: 'presence', participantId, online };
  }),
  who.map((participantId): RoomOp => ({ op: 'leave', participantId })),
  fc.tuple(what, who, flag, flag).map(([id, participantId, isVideo, muted]): RoomOp => {
    const [kind, source] = isVideo
      ? (['video', 'camera'] as const)
      : (['audio', 'microphone'] as const);
    return { op: 'publish', track: { id, participantId, kind, source, muted } };
  }),
  fc
    .tuple(what, flag, who)
    .map(([trackId, muted, by]): RoomOp => ({ op: 'mute', trackId, muted, by })),
  what.map((trackId): RoomOp => ({ op: 'unpublish', trackId })),
  fc.tuple(fc.nat(5), who).map(([n, participantId]): RoomOp => {
    const id = `message-${n}-of-it`;
    return { op: 'chat', message: { id, participantId, name: 'Name', text: 'hello', sentAt: n } };
  }),
);

const conditions: fc.Arbitrary<Condition> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('present', 'absent'),
      fc.constantFrom('participants', 'tracks', 'chat'),
      fc.oneof(who, what, fc.constant('message-1-of-it')),
    )
    .map(([is, list, id]) => ({ is, list, id }) as Condition),
  fc
    .tuple(who, fc.nat(3))
    .map(([owner, than]): Condition => ({ is: 'fewer', list: 'tracks', owner, than })),
  fc.tuple(who, flag).map(([id, online]): Condition => {
    return { is: 'field', list: 'participants', id, field: 'online', values: [online] };
  }),
  fc.tuple(what, who).map(([id, owner]): Condition => {
    return { is: 'field', list: 'tracks', id, field: 'participantId', values: [owner] };
  }),
  who.map((owner): Condition => {
    return {
      is: 'field',
      list: 'chat',
      id: 'message-1-of-it',
      field: 'participantId',
      values: [owner],
    };
  }),
);

test('for any patches it has what a snapshot has, and answers conditions as a snapshot does', () => {
  const patches = fc.array(fc.array(ops, { maxLength: 4 }), { maxLength: 40, size: 'max' });
  fc.assert(
    fc.property(patches, conditions, (list, condition) => {
      const roster = new Roster(emptyRoom('hall'));
      let snapshot = emptyRoom('hall');
      for (const [index, some] of list.entries()) {
        const patch = { version: index + 1, ops: some };
        snapshot = applyPatch(snapshot, patch, KEPT) ?? assert.fail('a patch that does not follow');
        assert.ok(roster.apply(patch, KEPT));
      }
      assert.deepEqual(roster.snapshot, snapshot);
      assert.equal(roster.holds(condition), holds(snapshot, condition));
      assert.equal(roster.count, snapshot.participants.length);
      const owners = snapshot.tracks.filter(({ kind }) => kind === 'video');
      assert.equal(roster.pictured, new Set(owners.map(({ participantId }) => participantId)).size);
      for (const { id } of snapshot.participants) {
        const own = snapshot.tracks.filter(({ participantId }) => participantId === id);
        assert.deepEqual(new Set(roster.tracksOf(id)), new Set(own));
        assert.equal(
          roster.hasPicture(id),
          own.some(({ kind }) => kind === 'video'),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('a patch that does not follow changes nothing', () => {
  const roster = new Roster(emptyRoom('hall'));
  const { snapshot } = roster;
  assert.equal(roster.apply({ version: 2, ops: [] }, KEPT), false);
  assert.equal(roster.snapshot, snapshot);
});

// The operation table: an operation is written once, and every store does it, requires it, refuses it.
import assert from 'node:assert/strict';
import { applyPatch, type RoomOp, type RoomPatch } from '../../../shared/room/operations.ts';
import { until } from '../../support/process/until.ts';
import { type ClusterTest, KEPT, refusal } from './cluster-test.ts';
import { more, MORE_OPERATIONS as operations } from './more-operations.ts';
import { chat, enter, LIMITS, publish } from './room-fixtures.ts';

const ROOM = 'team';
/** Everything that could end a text of JSON too early. */
const ODD = 'a "b" \\ {c}, [d] | e:f \\" ü 🎈';

export function operationsContract(contract: ClusterTest): void {
  const promises: ClusterTest = (promise, body) => contract(promise, body, { operations });
  const rename = (participantId: string, name: string) =>
    more({ op: 'rename', participantId, name });

  promises('an operation that was written once is done, told and kept', async ({ a, b }) => {
    const told: RoomPatch[] = [];
    await b.rooms.subscribe(ROOM, (patch) => told.push(patch));
    const guest = await enter(a.rooms, ROOM);
    await enter(b.rooms, ROOM);
    const before = await b.rooms.snapshot(ROOM);
    const ops = [rename(guest.participantId, ODD)];
    const patch = await a.rooms.commit(ROOM, guest, ops, LIMITS);
    assert.deepEqual(patch, { version: 3, ops });
    const after = await b.rooms.snapshot(ROOM);
    assert.deepEqual(
      after?.participants.map(({ name }) => name).toSorted(),
      [before?.participants[1]?.name, ODD].toSorted(),
    );
    assert.deepEqual(after, applyPatch(before ?? assert.fail(), patch, { ...KEPT, operations }));
    await until('the patch', () => assert.deepEqual(told.at(-1), patch));
    assert.deepEqual(await b.rooms.patchesSince(ROOM, 2), [patch]);
  });

  promises('a field that was changed often is as it was changed last', async ({ a, b }) => {
    const guest = await enter(a.rooms, ROOM);
    const { participantId } = guest;
    for (const name of ['x', ODD, '}', 'a longer name than before', ODD, '"']) {
      await a.rooms.commit(ROOM, guest, [rename(participantId, name)], LIMITS);
      assert.equal((await b.rooms.snapshot(ROOM))?.participants[0]?.name, name);
    }
    const presence: RoomOp = { op: 'presence', participantId, online: false };
    await b.rooms.commit(ROOM, guest, [presence], LIMITS);
    assert.partialDeepStrictEqual((await a.rooms.snapshot(ROOM))?.participants[0], {
      ...{ id: participantId, name: '"', online: false, role: 'guest', joinedAt: 1 },
    });
  });

  promises('a commit is refused with the code of what it lacks, and does nothing', async (pair) => {
    const { a, b } = pair;
    const host = await enter(a.rooms, ROOM, 'host');
    const guest = await enter(a.rooms, ROOM);
    const before = await b.rooms.snapshot(ROOM);
    const refused: [RoomOp, string][] = [
      [rename('participant-gone', 'x'), 'unknown_participant'],
      [rename(host.participantId, 'x'), 'forbidden'],
      [more({ op: 'feature', trackId: 'track-gone-00' }), 'unknown_track'],
      [more({ op: 'hush', participantId: host.participantId }), 'forbidden'],
    ];
    for (const [op, code] of refused) {
      const ops = [publish(guest), rename(guest.participantId, 'y'), op];
      assert.equal(await refusal(a.rooms.commit(ROOM, guest, ops, LIMITS)), code, op.op);
      assert.deepEqual(await b.rooms.snapshot(ROOM), before);
    }
  });

  promises('grants are those of the role that the store knows at the moment', async ({ a, b }) => {
    const host = await enter(a.rooms, ROOM, 'host');
    const { participantId, ...guest } = await enter(b.rooms, ROOM);
    const guard = { participantId, ...guest };
    const hush = more({ op: 'hush', participantId: host.participantId });
    const appoint = (id: string, role: 'host' | 'guest' | 'viewer') =>
      more({ op: 'appoint', participantId: id, role });
    await a.rooms.commit(ROOM, host, [publish(host), appoint(participantId, 'host')], LIMITS);
    await b.rooms.commit(ROOM, guard, [hush, appoint(host.participantId, 'viewer')], LIMITS);
    assert.deepEqual((await a.rooms.snapshot(ROOM))?.tracks, []);
    assert.equal(await refusal(a.rooms.commit(ROOM, host, [publish(host)], LIMITS)), 'forbidden');
    const both = [appoint(participantId, 'guest'), hush];
    assert.equal(await refusal(b.rooms.commit(ROOM, guard, both, LIMITS)), 'forbidden');
  });

  promises('a viewer shares nothing, whatever a replica believes', async ({ a, b }) => {
    const viewer = await enter(a.rooms, ROOM, 'viewer');
    const shared = a.rooms.commit(ROOM, viewer, [publish(viewer)], LIMITS);
    assert.equal(await refusal(shared), 'forbidden');
    await b.rooms.commit(ROOM, viewer, [chat(viewer)], LIMITS);
    const { tracks, chat: said } = (await b.rooms.snapshot(ROOM)) ?? assert.fail();
    assert.deepEqual([tracks.length, said.length], [0, 1]);
  });

  promises('conditions read the fields and counts that operations before left', async ({ a }) => {
    const guest = await enter(a.rooms, ROOM);
    const feature = more({ op: 'feature', trackId: 'track-first' });
    const mute = (muted: boolean): RoomOp => {
      return { op: 'mute', trackId: 'track-first', muted, by: guest.participantId };
    };
    const first = publish(guest, 'track-first');
    const muted = a.rooms.commit(ROOM, guest, [first, mute(true), feature], LIMITS);
    assert.equal(await refusal(muted), 'media_failed');
    const two = a.rooms.commit(ROOM, guest, [first, publish(guest), feature], LIMITS);
    assert.equal(await refusal(two), 'too_many_tracks');
    const unpublish: RoomOp = { op: 'unpublish', trackId: 'track-second' };
    const ops = [
      first,
      publish(guest, 'track-second'),
      mute(true),
      mute(false),
      unpublish,
      feature,
    ];
    assert.equal((await a.rooms.commit(ROOM, guest, ops, LIMITS)).ops.length, 6);
  });
}

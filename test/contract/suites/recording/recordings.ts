// The recording of a room is part of its state: every store keeps one at most, and says who may begin it.
import assert from 'node:assert/strict';
import type { SessionGuard } from '../../../../server/cluster/cluster.ts';
import { applyPatch, type RoomOp, type RoomPatch } from '../../../../shared/room/operations.ts';
import { until } from '../../../support/process/until.ts';
import { type ClusterTest, KEPT, refusal } from '../cluster-test.ts';
import { chat, enter, LIMITS } from '../room-fixtures.ts';

const ROOM = 'team';
const ID = '20261128T184512Z-h7q2m9x4kd';
const OTHER = '20261128T184513Z-h7q2m9x4ke';
const ANYBODY = { ...LIMITS, recorders: ['host', 'guest'] as const };

function record(by: SessionGuard | undefined, id = ID): RoomOp {
  const startedBy = by?.participantId ?? null;
  return { op: 'record', recording: { id, startedAt: 1, startedBy, paused: false } };
}
const pause = (paused: boolean, id = ID): RoomOp => {
  return { op: 'pauseRecording', recordingId: id, paused };
};
const stop = (id = ID): RoomOp => ({ op: 'stopRecording', recordingId: id });

export function recordingsContract(promises: ClusterTest): void {
  promises('a recording is told and kept, paused, and gone when it is stopped', async (pair) => {
    const { a, b } = pair;
    const told: RoomPatch[] = [];
    await b.rooms.subscribe(ROOM, (patch) => told.push(patch));
    const host = await enter(a.rooms, ROOM, 'host');
    let known = (await b.rooms.snapshot(ROOM)) ?? assert.fail();
    assert.equal('recordings' in known, false);
    for (const [op, recordings] of [
      [record(host), [{ id: ID, startedAt: 1, startedBy: host.participantId, paused: false }]],
      [pause(true), [{ id: ID, startedAt: 1, startedBy: host.participantId, paused: true }]],
      [stop(), undefined],
    ] as const) {
      const patch = await a.rooms.commit(ROOM, host, [op], LIMITS);
      known = applyPatch(known, patch, KEPT) ?? assert.fail();
      assert.deepEqual(known.recordings, recordings);
      assert.deepEqual(await b.rooms.snapshot(ROOM), known);
      assert.deepEqual(await b.rooms.recording(ROOM), recordings?.[0]);
      await until('the patch', () => assert.deepEqual(told.at(-1), patch));
    }
  });

  promises(
    'rooms are named, whether they are recorded or not, until they are over',
    async (pair) => {
      const { a, b } = pair;
      const host = await enter(a.rooms, ROOM, 'host');
      const guest = await enter(b.rooms, 'other', 'guest');
      const named = (...expected: string[]) =>
        until(`${expected.join(', ')} to be named`, async () => {
          for (const { rooms } of [a, b]) {
            // One that is over may be named until its lease ends.
            const names = await rooms.names();
            const there = await Promise.all(names.map((name) => rooms.snapshot(name)));
            assert.deepEqual(there.flatMap((each) => each?.room ?? []).toSorted(), expected);
          }
        });
      await named('other', 'team');
      await a.rooms.release(ROOM, host);
      await named('other');
      await b.rooms.release('other', guest);
      await named();
    },
  );

  promises(
    'there is one recording at most, and beginning it again changes nothing',
    async (pair) => {
      const { a, b } = pair;
      const host = await enter(a.rooms, ROOM, 'host');
      await a.rooms.commit(ROOM, host, [record(host)], LIMITS);
      await b.rooms.commit(ROOM, host, [record(host)], LIMITS);
      const second = b.rooms.commit(ROOM, host, [record(host, OTHER)], LIMITS);
      assert.equal(await refusal(second), 'already_recording');
      const wrong = a.rooms.commit(ROOM, host, [stop(OTHER)], LIMITS);
      assert.equal(await refusal(wrong), 'not_recording');
      await a.rooms.commit(ROOM, host, [stop(), record(host, OTHER)], LIMITS);
      assert.deepEqual(
        (await b.rooms.snapshot(ROOM))?.recordings?.map(({ id }) => id),
        [OTHER],
      );
    },
  );

  promises('of a hundred who begin at once one does', async ({ a, b }) => {
    const host = await enter(a.rooms, ROOM, 'host');
    const starts = Array.from({ length: 100 }, async (_, n) => {
      const started = (n % 2 ? a : b).rooms.commit(ROOM, host, [record(host, idOf(n))], LIMITS);
      return started.then(
        () => 'started',
        ({ code }: { code: string }) => code,
      );
    });
    const outcomes = await Promise.all(starts);
    assert.equal(outcomes.filter((outcome) => outcome === 'already_recording').length, 99);
    assert.equal((await a.rooms.snapshot(ROOM))?.recordings?.length, 1);
  });

  promises(
    'who may record is the role, or a setting; never in the name of another',
    async (pair) => {
      const { a } = pair;
      const host = await enter(a.rooms, ROOM, 'host');
      const guest = await enter(a.rooms, ROOM);
      const viewer = await enter(a.rooms, ROOM, 'viewer');
      const asGuest = (ops: RoomOp[], limits = LIMITS) =>
        refusal(a.rooms.commit(ROOM, guest, ops, limits));
      assert.equal(await asGuest([record(guest)]), 'forbidden');
      assert.equal(await asGuest([record(host)], ANYBODY), 'forbidden');
      assert.equal(
        await refusal(a.rooms.commit(ROOM, viewer, [record(viewer)], ANYBODY)),
        'forbidden',
      );
      await a.rooms.commit(ROOM, guest, [record(guest)], ANYBODY);
      assert.equal(await asGuest([stop()]), 'forbidden');
      assert.equal(await asGuest([pause(true)]), 'forbidden');
      await a.rooms.commit(ROOM, host, [stop()], LIMITS);
    },
  );

  promises('an operator needs no place in the room, but a room', async ({ a, b }) => {
    assert.equal(await refusal(a.rooms.order(ROOM, [record(undefined)])), 'not_found');
    const guest = await enter(a.rooms, ROOM);
    const patch = await b.rooms.order(ROOM, [record(undefined)]);
    assert.deepEqual(patch, { version: 2, ops: [record(undefined)] });
    const again = a.rooms.order(ROOM, [record(undefined, OTHER)]);
    assert.equal(await refusal(again), 'already_recording');
    await b.rooms.order(ROOM, [stop()]);
    assert.equal((await a.rooms.snapshot(ROOM))?.recordings, undefined);
    assert.equal(
      await refusal(a.rooms.order(ROOM, [chat({ ...guest, participantId: 'other' })])),
      'forbidden',
    );
  });

  promises('a participant says whether they agree, for themselves alone', async ({ a, b }) => {
    const guest = await enter(a.rooms, ROOM);
    const other = await enter(a.rooms, ROOM);
    const consent = (participantId: string, value: boolean): RoomOp => {
      return { op: 'consent', participantId, consent: value };
    };
    const forged = a.rooms.commit(ROOM, other, [consent(guest.participantId, true)], LIMITS);
    assert.equal(await refusal(forged), 'forbidden');
    for (const value of [true, false]) {
      await a.rooms.commit(ROOM, guest, [consent(guest.participantId, value)], LIMITS);
      const [first, second] = (await b.rooms.snapshot(ROOM))?.participants ?? [];
      assert.equal(first?.consent, value);
      assert.equal(second && 'consent' in second, false);
    }
  });

  promises('a store that lost its memory gets the recording back', async ({ a, b }) => {
    const host = await enter(a.rooms, ROOM, 'host');
    await a.rooms.commit(ROOM, host, [record(host), pause(true)], LIMITS);
    const known = (await b.rooms.snapshot(ROOM)) ?? assert.fail();
    // As an empty store: the room is over.
    await a.rooms.release(ROOM, host);
    await a.rooms.restore(known, [{ guard: host, resumeHash: 'hash', nodeId: undefined }]);
    assert.deepEqual((await b.rooms.snapshot(ROOM))?.recordings, known.recordings);
  });

  promises('the recording ends with its room', async ({ a, b }) => {
    const host = await enter(a.rooms, ROOM, 'host');
    await a.rooms.commit(ROOM, host, [record(host)], LIMITS);
    await a.rooms.release(ROOM, host);
    await enter(b.rooms, ROOM);
    assert.equal((await a.rooms.snapshot(ROOM))?.recordings, undefined);
  });
}

function idOf(n: number): string {
  return `20261128T184512Z-${String(n).padStart(10, '0')}`;
}

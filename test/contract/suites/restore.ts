// Restoring: what a store that lost its memory is told again, by those who still know it.
import assert from 'node:assert/strict';
import type { Cluster, HeldSession, SessionGuard } from '../../../server/cluster/cluster.ts';
import type { RoomOp } from '../../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import { until } from '../../support/process/until.ts';
import { type ClusterTest, refusal, SHORT_LEASE_MS } from './cluster-test.ts';
import { chat, enter, HASH, LIMITS, publish } from './room-fixtures.ts';

function held(guard: SessionGuard, nodeId?: string): HeldSession {
  return { guard, resumeHash: HASH, nodeId };
}

/** A room with two people, as a replica knew it, under a name that the store knows nothing of. */
async function forgotten({ rooms }: Cluster) {
  const host = await enter(rooms, 'before', 'host');
  const guest = await enter(rooms, 'before');
  await rooms.commit('before', host, [publish(host), publish(host), chat(host)], LIMITS);
  await rooms.commit('before', guest, [publish(guest), chat(guest, 'an answer')], LIMITS);
  const presence = { op: 'presence', participantId: guest.participantId, online: false } as const;
  await rooms.commit('before', guest, [presence], LIMITS);
  const before = await rooms.snapshot('before');
  assert.ok(before);
  return { host, guest, known: { ...before, room: 'team' } };
}

export function restoreContract(promises: ClusterTest): void {
  promises('a forgotten room is there again, with a version past all others', async ({ a, b }) => {
    const { host, guest, known } = await forgotten(a);
    const heard: number[] = [];
    await b.rooms.subscribe('team', ({ version }) => heard.push(version));
    const states = await a.rooms.restore(known, [held(host, 'node-1'), held(guest, 'node-2')]);
    assert.deepEqual([...states.values()], ['held', 'held']);
    const restored = await b.rooms.snapshot('team');
    assert.ok(restored && restored.version >= known.version + 1_000);
    assert.deepEqual({ ...restored, version: known.version }, known);
    assert.deepEqual(await b.rooms.placements('team'), {
      [host.participantId]: 'node-1',
      [guest.participantId]: 'node-2',
    });
    const placement = await b.rooms.placement('team');
    assert.deepEqual(placement?.nodes, { 'node-1': 1, 'node-2': 1 });
    assert.ok(placement.epoch > 1, 'whoever acts on an older placement is refused');
    await until('a patch that shows the gap', () => assert.deepEqual(heard, [restored.version]));
    assert.deepEqual(await a.rooms.patchesSince('team', known.version), undefined);
  });

  promises('a restored session goes on as if nothing had been', async ({ a, b }) => {
    const { host, known } = await forgotten(a);
    await a.rooms.restore(known, [held(host)]);
    assert.deepEqual([...(await a.rooms.renew('team', [host])).values()], ['held']);
    await a.rooms.commit('team', host, [chat(host, 'still here')], LIMITS);
    const claimed = await b.rooms.claim('team', host.participantId, HASH);
    assert.equal(claimed.fence, host.fence + 1);
    const texts = (await b.rooms.snapshot('team'))?.chat.map(({ text }) => text);
    assert.deepEqual(texts, ['hello', 'an answer', 'still here']);
    const [first] = known.tracks;
    const again: RoomOp = { op: 'unpublish', trackId: first?.id ?? '' };
    await b.rooms.commit('team', claimed, [again], LIMITS);
    assert.equal((await a.rooms.snapshot('team'))?.tracks.length, 2);
  });

  promises('sessions of others wait for their own replicas', async ({ a, b }) => {
    const { host, guest, known } = await forgotten(a);
    await a.rooms.restore(known, [held(host)]);
    assert.equal((await a.rooms.snapshot('team'))?.participants.length, 2, 'nobody is dropped');
    assert.deepEqual([...(await b.rooms.renew('team', [guest])).values()], ['gone']);
    // Not "replaced": nobody else has claimed it, and its replica is to put it back.
    const early = b.rooms.commit('team', guest, [chat(guest)], LIMITS);
    assert.equal(await refusal(early), 'session_lost');
    for (const hash of ['', HASH]) {
      const claim = b.rooms.claim('team', guest.participantId, hash);
      assert.equal(await refusal(claim), 'session_lost');
    }
    const before = await a.rooms.snapshot('team');
    assert.deepEqual(
      [...(await b.rooms.restore(known, [held(guest, 'node-2')])).values()],
      ['held'],
    );
    assert.deepEqual(await b.rooms.snapshot('team'), before, 'nothing new was said');
    await b.rooms.commit('team', guest, [chat(guest)], LIMITS);
    assert.deepEqual(await a.rooms.placements('team'), {
      [guest.participantId]: 'node-2',
    });
  });

  promises(
    'whose replica does not come back leaves with the lease',
    async ({ a, b }) => {
      const { host, guest, known } = await forgotten(a);
      await a.rooms.restore(known, [held(host)]);
      await until('the guest to be released', async () => {
        assert.deepEqual([...(await a.rooms.renew('team', [host])).values()], ['held']);
        const room = await b.rooms.snapshot('team');
        assert.ok(!room?.participants.some(({ id }) => id === guest.participantId));
      });
      assert.equal((await b.rooms.snapshot('team'))?.tracks.length, 2);
      // Late, but still there: put back, with the tracks.
      assert.deepEqual([...(await b.rooms.restore(known, [held(guest)])).values()], ['held']);
      const back = await a.rooms.snapshot('team');
      assert.deepEqual([back?.participants.length, back?.tracks.length], [2, 3]);
    },
    { sessionLeaseMs: SHORT_LEASE_MS },
  );

  promises('replicas that restore at once put one room together', async ({ a, b }) => {
    const { host, guest, known } = await forgotten(a);
    const older: RoomSnapshot = { ...known, version: known.version - 1 };
    const outcomes = await Promise.all([
      a.rooms.restore(known, [held(host)]),
      b.rooms.restore(older, [held(guest)]),
      a.rooms.restore(known, [held(host)]),
    ]);
    for (const states of outcomes) assert.deepEqual([...states.values()], ['held']);
    const restored = await a.rooms.snapshot('team');
    assert.deepEqual({ ...restored, version: 0 }, { ...known, version: 0 });
    for (const guard of [host, guest]) await b.rooms.commit('team', guard, [], LIMITS);
  });

  promises('what is missing in a room is added, and told', async ({ a, b }) => {
    const host = await enter(a.rooms, 'team', 'host');
    const guest = await enter(a.rooms, 'team');
    await a.rooms.commit('team', guest, [publish(guest)], LIMITS);
    const known = await a.rooms.snapshot('team');
    assert.ok(known);
    await a.rooms.release('team', guest);
    const heard: RoomOp[] = [];
    await b.rooms.subscribe('team', ({ ops }) => heard.push(...ops));
    assert.deepEqual([...(await a.rooms.restore(known, [held(guest)])).values()], ['held']);
    const restored = await b.rooms.snapshot('team');
    assert.deepEqual({ ...restored, version: 0 }, { ...known, version: 0 });
    assert.equal(restored?.version, known.version + 2, 'a leave, and one patch for all of it');
    await until('it to be told', () =>
      assert.deepEqual(
        heard.map(({ op }) => op),
        ['join', 'publish'],
      ),
    );
    await b.rooms.commit('team', host, [], LIMITS);
  });

  promises('who was removed by a host is not put back', async ({ a, b }) => {
    const host = await enter(a.rooms, 'team', 'host');
    const guest = await enter(a.rooms, 'team');
    const known = await a.rooms.snapshot('team');
    assert.ok(known);
    const leave = { op: 'leave', participantId: guest.participantId } as const;
    await a.rooms.commit('team', host, [leave], LIMITS);
    const states = await b.rooms.restore(known, [held(guest), held(host)]);
    assert.deepEqual([...states.values()], ['removed', 'held']);
    assert.equal((await a.rooms.snapshot('team'))?.participants.length, 1);
  });

  promises('who is not in the room as it was known is not put back', async ({ a, b }) => {
    const { host, guest, known } = await forgotten(a);
    const without = {
      ...known,
      participants: known.participants.filter(({ id }) => id !== guest.participantId),
    };
    const states = await b.rooms.restore(without, [held(guest), held(host)]);
    assert.deepEqual([...states.values()], ['removed', 'held']);
  });

  promises('a session that was claimed meanwhile stays with who claimed it', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    const known = await a.rooms.snapshot('team');
    assert.ok(known);
    const claimed = await b.rooms.claim('team', guard.participantId, HASH);
    assert.deepEqual([...(await a.rooms.restore(known, [held(guard)])).values()], ['replaced']);
    await b.rooms.commit('team', claimed, [], LIMITS);
    // The other way round: whoever knows of a later claim is right.
    const later = { ...guard, fence: 5 };
    assert.deepEqual([...(await a.rooms.restore(known, [held(later)])).values()], ['held']);
    assert.equal(await refusal(b.rooms.commit('team', claimed, [], LIMITS)), 'session_replaced');
  });
}

// Leases: who holds a session renews it, and what nobody renews is released by somebody else.
import assert from 'node:assert/strict';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import { until } from '../../support/process/until.ts';
import { type ClusterTest, refusal, SHORT_LEASE_MS } from './cluster-test.ts';
import { enter, HASH, LIMITS, publish } from './room-fixtures.ts';

const SHORT = { sessionLeaseMs: SHORT_LEASE_MS };

async function inRoom({ rooms }: Cluster, room: string): Promise<string[]> {
  return ((await rooms.snapshot(room))?.participants ?? []).map(({ id }) => id);
}

export function leasesContract(promises: ClusterTest): void {
  promises(
    'a renewed session is kept; another one ends with its lease, and everybody hears it',
    async ({ a, b }) => {
      const kept = await enter(a.rooms, 'team');
      const startedAt = performance.now();
      const left = await enter(b.rooms, 'team');
      await b.rooms.commit('team', left, [publish(left)], LIMITS);
      const heard: unknown[] = [];
      await b.rooms.subscribe('team', ({ ops }) => heard.push(...ops));
      await until('the other one to be released', async () => {
        const states = await a.rooms.renew('team', [kept]);
        assert.equal(states.get(kept.participantId), 'held');
        assert.deepEqual(await inRoom(a, 'team'), [kept.participantId]);
      });
      assert.ok(performance.now() - startedAt > SHORT_LEASE_MS / 2, 'not before its time');
      const leave = { op: 'leave', participantId: left.participantId };
      await until('the patch', () => assert.deepEqual(heard, [leave]));
      assert.equal((await a.rooms.snapshot('team'))?.tracks.length, 0);
      assert.equal(await refusal(b.rooms.commit('team', left, [], LIMITS)), 'session_lost');
      assert.deepEqual(
        await b.rooms.renew('team', [left]),
        new Map([[left.participantId, 'gone']]),
      );
    },
    SHORT,
  );

  promises(
    'a room where nobody renews is swept by whoever sweeps, once',
    async ({ a, b }) => {
      await enter(a.rooms, 'here');
      await enter(a.rooms, 'here');
      await enter(a.rooms, 'there');
      const heard: string[] = [];
      await b.rooms.subscribe('here', ({ ops }) => heard.push(...ops.map(({ op }) => op)));
      assert.equal(await b.rooms.sweep(), 0, 'all leases hold');
      let released = 0;
      await until('three to be released', async () => {
        const counts = await Promise.all([a.rooms.sweep(), b.rooms.sweep()]);
        for (const count of counts) released += count;
        assert.equal(released, 3);
      });
      for (const room of ['here', 'there']) {
        assert.equal(await a.rooms.snapshot(room), undefined, room);
      }
      await until('the patches', () => assert.deepEqual(heard, ['leave', 'leave']));
      assert.equal(await b.rooms.sweep(), 0);
    },
    SHORT,
  );

  promises(
    'a sweep leaves what is renewed, and what was claimed',
    async ({ a, b }) => {
      const guard = await enter(a.rooms, 'team');
      const gone = await enter(a.rooms, 'team');
      const claimed = await enter(a.rooms, 'team');
      const untilClaimed = performance.now() + SHORT_LEASE_MS * 0.6;
      let isClaimed = false;
      await until('the lapsed one to be released', async () => {
        await a.rooms.renew('team', [guard]);
        if (!isClaimed && performance.now() > untilClaimed) {
          isClaimed = true;
          await b.rooms.claim('team', claimed.participantId, HASH);
        }
        await b.rooms.sweep();
        assert.ok(!(await inRoom(b, 'team')).includes(gone.participantId));
      });
      assert.deepEqual(await inRoom(b, 'team'), [guard.participantId, claimed.participantId]);
    },
    SHORT,
  );

  promises('a renewal tells what became of each session', async ({ a, b }) => {
    const host = await enter(a.rooms, 'team', 'host');
    const taken = await enter(a.rooms, 'team');
    const removed = await enter(a.rooms, 'team');
    const released = await enter(a.rooms, 'team');
    await b.rooms.claim('team', taken.participantId, HASH);
    const leave = { op: 'leave', participantId: removed.participantId } as const;
    await b.rooms.commit('team', host, [leave], LIMITS);
    await b.rooms.release('team', released);
    const ahead = { participantId: host.participantId, fence: 9 };
    assert.deepEqual(
      await a.rooms.renew('team', [host, taken, removed, released]),
      new Map([
        [host.participantId, 'held'],
        [taken.participantId, 'replaced'],
        [removed.participantId, 'removed'],
        [released.participantId, 'gone'],
      ]),
    );
    assert.deepEqual(await a.rooms.renew('team', [ahead]), new Map([[host.participantId, 'gone']]));
    assert.deepEqual(
      await a.rooms.renew('nowhere', [host]),
      new Map([[host.participantId, 'gone']]),
    );
    assert.deepEqual(await a.rooms.renew('team', []), new Map());
  });

  promises('a renewal is not a change of the room: nobody is told', async ({ a, b }) => {
    const guard = await enter(a.rooms, 'team');
    const before = await b.rooms.snapshot('team');
    await a.rooms.renew('team', [guard]);
    assert.deepEqual(await b.rooms.snapshot('team'), before);
  });
}

// Sessions when one call of the store fails, comes late, or loses its answer.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { randomId } from '../../../client/sdk/session/ids.ts';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import { FAULTS, FaultyRooms } from '../../support/cluster/faulty-cluster.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const say = (client: RawClient) => client.request('chat', { id: randomId(), text: 'hello' });

async function start(t: TestContext, web = 1, env: Record<string, string> = {}) {
  let faulty: FaultyRooms | undefined;
  const wrap = (inner: Cluster) => {
    faulty = new FaultyRooms(inner);
    return faulty.cluster;
  };
  const replicas = await startReplicas(t, { web, wrap }, env);
  assert.ok(faulty);
  return { ...replicas, faulty };
}

async function rosterIs(rooms: { snapshot(room: string): Promise<unknown> }, names: string[]) {
  await until(`the roster to be ${names.join(', ') || 'empty'}`, async () => {
    const snapshot = (await rooms.snapshot('team')) as
      | { participants: { name: string }[] }
      | undefined;
    const there = (snapshot?.participants ?? []).map(({ name }) => name).sort();
    assert.deepEqual(there, [...names].sort());
  });
}

test('one failed subscription during a resume leaves the room usable for everybody', async (t) => {
  const { web, faulty } = await start(t, 2);
  const url = web[1]!.signalingUrl;
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const joined = await ada.join('team', { name: 'Ada' });
  await ada.drop();
  // The second replica has nobody in the room yet: it subscribes with this resume.
  const back = await RawClient.open(t, url);
  faulty.refusing.add('subscribe');
  await assert.rejects(back.resume('team', joined, 1), { code: 'unavailable' });
  faulty.refusing.clear();
  await back.resume('team', joined, 1);
  const ben = await RawClient.open(t, url);
  await ben.join('team', { name: 'Ben' });
  await say(ben);
  await back.event('patch', ({ ops }) => ops[0]?.op === 'chat');
});

for (const oldSocket of ['speaks', 'closes'] as const) {
  test(`a resume is not ended by its own old socket, which ${oldSocket} while the claim is under way`, async (t) => {
    const { web, faulty, cluster } = await start(t);
    const url = web[0]!.signalingUrl;
    const ben = await RawClient.open(t, url);
    await ben.join('team', { name: 'Ben' });
    const ada = await RawClient.open(t, url);
    const joined = await ada.join('team', { name: 'Ada' });
    const claim = faulty.hold('claim');
    const back = await RawClient.open(t, url);
    const resuming = back.resume('team', joined, joined.snapshot.version);
    await claim.done;
    if (oldSocket === 'speaks') {
      const commit = faulty.hold('commit');
      say(ada).catch(() => {});
      await commit.done;
      claim.release();
      await resuming;
      // The old fence was refused before the resume, and is heard of only now.
      commit.release();
      await ada.closed;
    } else {
      const commit = faulty.hold('commit');
      await ada.drop();
      await commit.done;
      claim.release();
      await resuming;
      commit.release();
    }
    await resuming;
    await say(back);
    await ben.event('patch', ({ ops }) => ops[0]?.op === 'chat');
    await rosterIs(cluster.rooms, ['Ada', 'Ben']);
    await until('Ada to be shown as present', async () => {
      const snapshot = await cluster.rooms.snapshot('team');
      assert.ok(snapshot?.participants.every(({ online }) => online));
    });
  });
}

test('a drain during a join leaves no ghost', async (t) => {
  const { web, faulty, cluster } = await start(t, 2);
  const ben = await RawClient.open(t, web[1]!.signalingUrl);
  await ben.join('team', { name: 'Ben' });
  const admission = faulty.hold('admit');
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const joining = ada.join('team', { name: 'Ada' }).catch(() => undefined);
  await admission.done;
  const closing = web[0]!.close();
  await new Promise((resolve) => setImmediate(resolve));
  admission.release();
  await Promise.all([closing, joining]);
  await rosterIs(cluster.rooms, ['Ben']);
});

test('every call of a session’s life fails in every way once: no ghost, no dead room, at rest afterwards', async (t) => {
  const { web, faulty, cluster, media } = await start(t);
  const url = web[0]!.signalingUrl;
  const ben = await RawClient.open(t, url);
  await ben.join('team', { name: 'Ben' });
  const atRest = () => {
    const { timer: _, ...counts } = web[0]!.resources.counts();
    const { timer: __, ...nodes } = media.counts();
    return { counts, nodes };
  };
  const rest = atRest();
  const outcomes = new Map<string, number>();
  /** Repeats what was refused for the moment, as a client does. */
  const insist = async <T>(what: string, action: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; ; attempt++) {
      try {
        return await action();
      } catch (error) {
        const code = (error as { code?: string }).code ?? 'closed';
        outcomes.set(`${what}: ${code}`, (outcomes.get(`${what}: ${code}`) ?? 0) + 1);
        if (attempt >= 3) throw error;
      }
    }
  };
  const life = async () => {
    const ada = await RawClient.open(t, url);
    const joined = await insist('join', () => ada.join('team', { name: 'Ada' }));
    const camera = publication(joined.media.epoch);
    await insist('publish', () => ada.request('publish', camera));
    await insist('mute', () => ada.request('mute', { trackId: camera.trackId, muted: true }));
    await ada.drop();
    const back = await RawClient.open(t, url);
    await insist('resume', () => back.resume('team', joined, joined.snapshot.version));
    await insist('unpublish', () => back.request('unpublish', { trackId: camera.trackId }));
    await insist('leave', () => back.request('leave', {}));
    await back.drop();
  };
  faulty.arm(undefined);
  await life();
  const total = faulty.calls.length;
  const names = [...faulty.calls];
  let runs = 0;
  for (const fault of FAULTS) {
    for (let call = 0; call < total; call++) {
      await rosterIs(cluster.rooms, ['Ben']);
      faulty.arm(call, fault);
      const where = `${names[call]} (call ${call}) ${fault}`;
      await life().catch((error) => assert.fail(`${where}: ${error}`));
      faulty.arm(undefined);
      await rosterIs(cluster.rooms, ['Ben']).catch((error) => assert.fail(`${where}: ${error}`));
      await until(`everything to be at rest after ${where}`, () =>
        assert.deepEqual(atRest(), rest),
      );
      runs++;
    }
  }
  await say(ben);
  t.diagnostic(`${total} calls × ${FAULTS.length} faults: ${runs} lives, all whole`);
  t.diagnostic(
    [...outcomes].map(([what, count]) => `${what} ${count} times`).join(', ') || 'no refusals',
  );
});

test('honest refusals of a store that is away do not close the socket as abuse', async (t) => {
  const { web, faulty } = await start(t, 1, { MAX_REFUSED_MESSAGES: '10' });
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const { media } = await ada.join('team', { name: 'Ada' });
  const camera = publication(media.epoch);
  await ada.request('publish', camera);
  faulty.refusing.add('commit');
  for (let n = 0; n < 30; n++) {
    const mute = ada.request('mute', { trackId: camera.trackId, muted: n % 2 === 0 });
    await assert.rejects(mute, { code: 'unavailable' });
  }
  faulty.refusing.clear();
  await ada.request('mute', { trackId: camera.trackId, muted: true });
});

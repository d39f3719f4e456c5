// Sessions when one call of the store fails, comes late, or loses its answer.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { randomId } from '../../../client/sdk/session/ids.ts';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import type { Opened } from '../../../server/cluster/messages/media.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import { FaultyCluster } from '../../support/cluster/faults/faulty-cluster.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const say = (client: RawClient) => client.request('chat', { id: randomId(), text: 'hello' });

async function start(t: TestContext, web = 1, env: Record<string, string> = {}) {
  let faulty: FaultyCluster | undefined;
  const wrap = (inner: Cluster) => {
    faulty = new FaultyCluster(inner);
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
  faulty.refusing.add('rooms.subscribe');
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
    const claim = faulty.hold('rooms.claim');
    const back = await RawClient.open(t, url);
    const resuming = back.resume('team', joined, joined.snapshot.version);
    await claim.done;
    if (oldSocket === 'speaks') {
      const commit = faulty.hold('rooms.commit');
      say(ada).catch(() => {});
      await commit.done;
      claim.release();
      await resuming;
      // The old fence was refused before the resume, and is heard of only now.
      commit.release();
      await ada.closed;
    } else {
      const commit = faulty.hold('rooms.commit');
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

test('a resume that a newer one has overtaken does not end it', async (t) => {
  const { web, faulty, cluster } = await start(t, 2);
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const joined = await ada.join('team', { name: 'Ada' });
  await ada.drop();
  const url = web[1]!.signalingUrl;
  const older = await RawClient.open(t, url);
  const snapshot = faulty.hold('rooms.snapshot');
  const overtaken = older.resume('team', joined, joined.snapshot.version);
  overtaken.catch(() => {});
  await snapshot.done;
  const newer = await RawClient.open(t, url);
  await newer.resume('team', joined, joined.snapshot.version);
  snapshot.release();
  await assert.rejects(overtaken, { code: 'session_replaced' });
  await say(newer);
  await newer.event('patch', ({ ops }) => ops[0]?.op === 'chat');
  await rosterIs(cluster.rooms, ['Ada']);
});

test('a drain during a join leaves no ghost', async (t) => {
  const { web, faulty, cluster } = await start(t, 2);
  const ben = await RawClient.open(t, web[1]!.signalingUrl);
  await ben.join('team', { name: 'Ben' });
  const admission = faulty.hold('rooms.admit');
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const joining = ada.join('team', { name: 'Ada' }).catch(() => undefined);
  await admission.done;
  const closing = web[0]!.close();
  await new Promise((resolve) => setImmediate(resolve));
  admission.release();
  await Promise.all([closing, joining]);
  await rosterIs(cluster.rooms, ['Ben']);
});

/** Two replicas, each with faults of its own. */
async function startApart(t: TestContext) {
  const replicas = await startReplicas(t, { web: 0 });
  const add = async () => {
    let faulty: FaultyCluster | undefined;
    const replica = await replicas.addWeb((inner) => {
      faulty = new FaultyCluster(inner);
      return faulty.cluster;
    });
    assert.ok(faulty);
    return { replica, url: replica.signalingUrl, faulty };
  };
  return { cluster: replicas.cluster, one: await add(), other: await add() };
}

const TIMEOUT = { timeoutMs: 5_000 };

test('media that a replica opens as it ends stays open for the replica that goes on with it', async (t) => {
  const { cluster, one, other } = await startApart(t);
  const ada = await RawClient.open(t, other.url);
  const joined = await ada.join('team', { name: 'Ada' });
  await ada.drop();
  const back = await RawClient.open(t, one.url);
  one.faulty.refusing.add('bus.request describe');
  const opening = one.faulty.hold('bus.request open');
  back.resume('team', joined, 1).catch(() => {});
  await opening.done;
  const ending = one.replica.close();
  await back.closed;
  const again = await RawClient.open(t, other.url);
  const { media } = await again.resume('team', joined, 1);
  opening.release();
  await ending;
  // A round trip later everything that follows from the answer is done.
  await say(again);
  const [node] = await cluster.nodes.list();
  const whose = { room: 'team', participantId: joined.participantId };
  const { offer } = (await cluster.bus.request(node!.id, 'describe', whose, TIMEOUT)) as Opened;
  assert.equal(offer.epoch, media.epoch);
});

test('a replica that was replaced opens no media in place of what its successor has', async (t) => {
  const { cluster, one, other } = await startApart(t);
  const ada = await RawClient.open(t, one.url);
  const joined = await ada.join('team', { name: 'Ada' });
  await ada.drop();
  const back = await RawClient.open(t, other.url);
  await back.resume('team', joined, 1);
  const [node] = await cluster.nodes.list();
  const open = {
    room: 'team',
    participantId: joined.participantId,
    ...{ fence: 1, after: joined.media.epoch, nodes: [], rtpCapabilities: ROUTER_RTP_CAPABILITIES },
  };
  await assert.rejects(cluster.bus.request(node!.id, 'open', open, TIMEOUT), {
    code: 'session_replaced',
  });
});

async function presenceIs(
  rooms: { snapshot(room: string): Promise<RoomSnapshot | undefined> },
  name: string,
  online: boolean,
): Promise<void> {
  await until(`${name} to be shown as ${online ? 'present' : 'away'}`, async () => {
    const snapshot = await rooms.snapshot('team');
    assert.equal(snapshot?.participants.find((one) => one.name === name)?.online, online);
  });
}

test('presence that was not committed is committed once the store answers: away', async (t) => {
  const { web, faulty, cluster } = await start(t);
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  await ada.join('team', { name: 'Ada' });
  faulty.refusing.add('rooms.commit');
  await ada.drop();
  await until('her absence to be refused', () => assert.ok(faulty.calls.includes('rooms.commit')));
  faulty.refusing.clear();
  await presenceIs(cluster.rooms, 'Ada', false);
});

test('presence that was not committed is committed once the store answers: back again', async (t) => {
  const { web, faulty, cluster } = await start(t);
  const url = web[0]!.signalingUrl;
  const ada = await RawClient.open(t, url);
  const joined = await ada.join('team', { name: 'Ada' });
  await ada.drop();
  await presenceIs(cluster.rooms, 'Ada', false);
  faulty.refusing.add('rooms.commit');
  const back = await RawClient.open(t, url);
  await back.resume('team', joined, 1);
  faulty.refusing.clear();
  await presenceIs(cluster.rooms, 'Ada', true);
});

test('who comes back to a replica that had them before is shown as present', async (t) => {
  const { web, cluster } = await start(t, 2);
  const url = web[0]!.signalingUrl;
  const ada = await RawClient.open(t, url);
  const joined = await ada.join('team', { name: 'Ada' });
  // Another replica claims the session, and says that she is away; the first one has not heard of it.
  const { participantId, resumeSecret } = joined;
  const resumeHash = createHash('sha256').update(resumeSecret).digest('base64url');
  const guard = await cluster.rooms.claim('team', participantId, resumeHash);
  const away = { op: 'presence', participantId, online: false } as const;
  await cluster.rooms.commit('team', guard, [away], { tracksPerParticipant: 8 });
  const back = await RawClient.open(t, url);
  await back.resume('team', joined, 1);
  await presenceIs(cluster.rooms, 'Ada', true);
});

test('a track of a session that is over keeps its id from nobody', async (t) => {
  const { web, cluster } = await start(t);
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const joined = await ada.join('team', { name: 'Ada' });
  const camera = publication(joined.media.epoch);
  await ada.request('publish', camera);
  const ben = await RawClient.open(t, web[0]!.signalingUrl);
  await ben.join('team', { name: 'Ben' });
  // Another replica claims the session and ends before it can do anything: nobody closes its media.
  const { participantId, resumeSecret } = joined;
  const resumeHash = createHash('sha256').update(resumeSecret).digest('base64url');
  const guard = await cluster.rooms.claim('team', participantId, resumeHash);
  await say(ada).catch(() => {});
  await ada.closed;
  await cluster.rooms.release('team', guard);
  const again = await RawClient.open(t, web[0]!.signalingUrl);
  const { media } = await again.join('team', { name: 'Ada' });
  await again.request('publish', { ...publication(media.epoch), trackId: camera.trackId });
  await ben.event('consumers', ({ consumers }) => consumers[0]?.trackId === camera.trackId);
});

test('a track of which nobody could be told is offered once the bus is back', async (t) => {
  const replicas = await startReplicas(t, { web: 1, nodes: 0 });
  let faulty: FaultyCluster | undefined;
  await replicas.addNode((inner) => {
    faulty = new FaultyCluster(inner);
    return faulty.cluster;
  });
  assert.ok(faulty);
  const url = replicas.web[0]!.signalingUrl;
  const [ada, ben] = [await RawClient.open(t, url), await RawClient.open(t, url)];
  const { media } = await ada.join('team', { name: 'Ada' });
  await ben.join('team', { name: 'Ben' });
  faulty.refusing.add('bus.publish web');
  const camera = publication(media.epoch);
  await ada.request('publish', camera);
  await until('the event to be refused', () =>
    assert.ok(faulty?.calls.includes('bus.publish web')),
  );
  faulty.refusing.clear();
  await ben.event('media', ({ consumers }) => consumers[0]?.trackId === camera.trackId);
});

test('honest refusals of a store that is away do not close the socket as abuse', async (t) => {
  const { web, faulty } = await start(t, 1, { MAX_REFUSED_MESSAGES: '10' });
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const { media } = await ada.join('team', { name: 'Ada' });
  const camera = publication(media.epoch);
  await ada.request('publish', camera);
  faulty.refusing.add('rooms.commit');
  for (let n = 0; n < 30; n++) {
    const mute = ada.request('mute', { trackId: camera.trackId, muted: n % 2 === 0 });
    await assert.rejects(mute, { code: 'unavailable' });
  }
  faulty.refusing.clear();
  await ada.request('mute', { trackId: camera.trackId, muted: true });
});

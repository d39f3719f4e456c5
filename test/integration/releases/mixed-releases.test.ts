// While a cluster is updated, processes of the release before work beside those of this one.
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { cleanup } from 'node-datachannel';
import { ADDITIONS, without } from '../../support/cluster/older-release.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { loadIsKnown } from '../../support/sdk/light-camera.ts';
import { Person } from '../../support/sdk/participant.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

after(() => cleanup());

const FEATURES = ['patches', 'packed', 'takes', 'roster', 'demand'];
const older = without(ADDITIONS);

/** The replica of each participant, and the nodes. True: of the release before. */
const MIXES = [
  { name: 'an older web beside a newer sfu-rtc', web: [true], nodes: [false] },
  { name: 'a newer web beside an older sfu-rtc', web: [false], nodes: [true] },
  { name: 'an older and a newer web', web: [true, false], nodes: [false] },
  { name: 'an older and a newer sfu-rtc', web: [false], nodes: [true, false] },
  { name: 'a newer and an older sfu-rtc', web: [false], nodes: [false, true] },
];

for (const { name, ...mix } of MIXES) {
  test(`${name}: two participants meet, mute, look at pictures and leave`, async (t) => {
    const env = { SPILL_SESSIONS_PER_WORKER: '1' };
    const { web, cluster, addWeb, addNode } = await startReplicas(t, { web: 0, nodes: 0 }, env);
    for (const isOlder of mix.nodes) await addNode(isOlder ? older : undefined);
    for (const isOlder of mix.web) await addWeb(isOlder ? older : undefined);
    await until('the nodes to reach each other', async () => {
      for (const { reaches } of await cluster.nodes.list()) {
        assert.equal(reaches.length, mix.nodes.length - 1);
      }
    });
    const urls = [web.at(0), web.at(-1)].map((replica) => replica?.url ?? '');
    const ada = await Person.join(t, urls[0]!, 'team', 'Ada');
    if (mix.nodes.length > 1) await loadIsKnown(cluster);
    const ben = await Person.join(t, urls[1]!, 'team', 'Ben');
    const placement = await cluster.rooms.placement('team');
    assert.equal(Object.keys(placement?.nodes ?? {}).length, mix.nodes.length);
    await Promise.all([ada.sees(ben), ben.sees(ada), ada.hears(ben), ben.hears(ada)]);

    const own = (source: string) => {
      const track = ben.call.room.tracks.find(
        (each) => each.participantId === ada.participantId && each.source === source,
      );
      assert.ok(track);
      return track;
    };
    for (const muted of [true, false]) {
      ada.call.setMuted('microphone', muted);
      await until('the mute to be known', () => assert.equal(own('microphone').muted, muted));
    }
    await ben.hears(ada);
    ben.call.subscribe(own('camera').id, { paused: true });
    ben.call.subscribe(own('camera').id, { paused: false, spatialLayer: 0 });
    await ben.sees(ada);

    ada.call.leave();
    await until('Ada to be gone', () => {
      assert.equal(ben.call.room.participants.length, 1);
      assert.equal(ben.call.remoteTracks.size, 0);
    });
    assert.deepEqual([...ada.problems, ...ben.problems], []);
  });
}

test('each addition alone may be unknown to a web', async (t) => {
  const { addWeb } = await startReplicas(t, { web: 0, nodes: 1 });
  await Promise.all(
    ADDITIONS.map(async (addition, n) => {
      const { signalingUrl } = await addWeb(without([addition]));
      await meets(t, signalingUrl, `room${n}`, addition.name);
    }),
  );
});

test('each addition alone may be unknown to an sfu-rtc', async (t) => {
  for (const addition of ADDITIONS) {
    const { web, addNode } = await startReplicas(t, { web: 1, nodes: 0 });
    await addNode(without([addition]));
    await meets(t, web[0]!.signalingUrl, 'team', addition.name);
  }
});

/** Ben sees what Ada sends, and is there when she leaves. */
async function meets(t: TestContext, url: string, room: string, what: string): Promise<void> {
  const ada = await RawClient.open(t, url);
  const ben = await RawClient.open(t, url);
  await ada.request('prepare', { room: room });
  const joined = await ada.join(room, { name: 'Ada', features: FEATURES });
  const { media } = await ben.join(room, { name: 'Ben', features: FEATURES });
  const camera = publication(joined.media.epoch, { source: 'camera', take: 1 });
  await ada.request('publish', camera);
  const { consumers } = await ben.event('consumers');
  assert.deepEqual(
    consumers.map(({ trackId }) => trackId),
    [camera.trackId],
    what,
  );
  const consumerIds = consumers.map(({ consumerId }) => consumerId);
  await ben.request('ready', { epoch: media.epoch, consumerIds });
  const { trackId } = camera;
  await ben.request('subscribe', { preferences: { [trackId]: { paused: true } } });
  await ben.request('subscribe', { preferences: { [trackId]: { paused: false } } });
  await ada.request('mute', { trackId, muted: true });
  await ada.drop();
  const back = await RawClient.open(t, url);
  const resumed = await back.resume(room, joined, joined.snapshot.version);
  assert.equal(resumed.media.epoch, joined.media.epoch, what);
  await back.request('leave', {});
  await ben.lostTrack(trackId);
  assert.deepEqual(ben.refusals, [], what);
}

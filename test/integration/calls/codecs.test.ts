// Codecs of pictures between processes: who hears that a receiver cannot decode one, and what a further take of a
// track does.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { OLDER_TAKE_MS } from '../../../server/sfu/endpoints/takes.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import type { RtpCapabilities, RtpParameters } from '../../../shared/media/rtp.ts';
import { LIMITS } from '../../../shared/protocol/limits.ts';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';
import { mediaOf } from '../../support/cluster/media-state.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication, videoParameters } from '../../support/server/rtp.ts';

/** Each next participant goes to the node that is less loaded. */
const SPREAD = { SPILL_SESSIONS_PER_WORKER: '1' };
const TAKES = ['takes'];

function pictureOf(codec: 'VP8' | 'VP9'): RtpParameters {
  const parameters = videoParameters();
  const vp9 = { mimeType: 'video/VP9', payloadType: 98, clockRate: 90_000 };
  return codec === 'VP8'
    ? parameters
    : { ...parameters, codecs: [{ ...vp9, parameters: { 'profile-id': 0 } }] };
}

function without(codec: string): RtpCapabilities {
  const codecs = ROUTER_RTP_CAPABILITIES.codecs.filter(
    ({ mimeType }) => mimeType !== `video/${codec}`,
  );
  return { ...ROUTER_RTP_CAPABILITIES, codecs };
}

/** Ada, at one replica and on one node, sends a camera as VP9. Ben is to come at another replica and node. */
async function call(t: TestContext, features: string[] = TAKES) {
  const replicas = await startReplicas(t, { web: 2, nodes: 2 }, SPREAD);
  const [here, there] = replicas.web;
  assert.ok(here && there);
  const ada = await RawClient.open(t, here.signalingUrl);
  const joined = await ada.join('team', { name: 'Ada', features });
  const camera = publication(joined.media.epoch, {
    source: 'camera',
    rtpParameters: pictureOf('VP9'),
  });
  await ada.request('publish', camera);
  await until('the load to be known', async () => {
    const nodes = await replicas.cluster.nodes.list();
    assert.deepEqual(nodes.map(({ sessions }) => sessions).sort(), [0, 1]);
    for (const { reaches } of nodes) assert.equal(reaches.length, 1);
  });
  const come = async (name: string, params: Partial<MethodParams<'join'>> = {}) => {
    const client = await RawClient.open(t, there.signalingUrl);
    return { client, joined: await client.join('team', { name, ...params }) };
  };
  const take = (count: number, codec: 'VP8' | 'VP9' = 'VP8') =>
    ada.request('publish', { ...camera, rtpParameters: pictureOf(codec), take: count });
  const producers = () =>
    replicas.nodes.reduce((sum, { resources }) => sum + resources.counts().producer, 0);
  return { replicas, ada, joined, camera, come, take, producers };
}

test('a sender on another node learns again and again that a receiver cannot decode its picture', async (t) => {
  const { replicas, ada, camera, come } = await call(t);
  await come('Ben', { rtpCapabilities: without('VP9') });
  const peers = replicas.nodes.map(({ resources }) => resources.counts().peer);
  assert.deepEqual(peers, [1, 1], 'they are on two nodes');
  const event = await ada.event('undecodable');
  assert.deepEqual(event, { trackId: camera.trackId, codecs: ['VP8', 'H264', 'AV1'] });
  await until('a second event', () => assert.ok(ada.events('undecodable').length >= 2));
});

test('when that participant has left, its sender hears no more of it', async (t) => {
  const { replicas, ada, come } = await call(t);
  const { client } = await come('Ben', { rtpCapabilities: without('VP9') });
  await ada.event('undecodable');
  await client.request('leave', {});
  await until('its timers to be gone', () => {
    const timers = replicas.nodes.map(({ resources }) => resources.counts().peer);
    assert.deepEqual(timers.toSorted(), [0, 1]);
  });
  await ada.settled();
  const heard = ada.events('undecodable').length;
  await come('Cy');
  await ada.settled();
  assert.equal(ada.events('undecodable').length, heard);
});

test('a client of an older release is not told what it would not understand', async (t) => {
  const { replicas, ada, come } = await call(t, []);
  const dee = await RawClient.open(t, replicas.web[0]?.signalingUrl ?? '');
  const { media } = await dee.join('team', { name: 'Dee', features: TAKES });
  const rtpParameters = pictureOf('VP9');
  await dee.request('publish', publication(media.epoch, { source: 'camera', rtpParameters }));
  await come('Ben', { rtpCapabilities: without('VP9') });
  // Both are informed by the same participant. The second time nothing of the first can be late.
  await until('Dee to hear it twice', () => assert.ok(dee.events('undecodable').length >= 2));
  await ada.settled();
  assert.deepEqual(ada.events('undecodable'), []);
});

test('a receiver without any codec for pictures changes no sender', async (t) => {
  const { ada, come } = await call(t);
  const codecs = ROUTER_RTP_CAPABILITIES.codecs.filter(({ kind }) => kind === 'audio');
  await come('Ben', { rtpCapabilities: { ...ROUTER_RTP_CAPABILITIES, codecs } });
  await come('Cy', { rtpCapabilities: without('VP9') });
  const [first] = [await ada.event('undecodable'), ...ada.events('undecodable')];
  assert.deepEqual(first?.codecs, ['VP8', 'H264', 'AV1'], 'the first word is of the other one');
});

test('a further take reaches those who could not decode the one before, and replaces it for the others', async (t) => {
  const { ada, camera, come, take, producers } = await call(t);
  const { client: ben } = await come('Ben', { rtpCapabilities: without('VP9') });
  const { client: cy, joined: cys } = await come('Cy');
  const vp9 = cys.media.consumers.find(({ trackId }) => trackId === camera.trackId);
  assert.equal(vp9?.rtpParameters.codecs[0]?.mimeType, 'video/VP9');
  await ada.event('undecodable');
  assert.deepEqual(await take(1), { take: 1 });
  for (const client of [ben, cy]) {
    const { consumers } = await client.event('consumers', (event) =>
      event.consumers.some(({ trackId }) => trackId === camera.trackId),
    );
    const codecs = consumers.map(({ rtpParameters }) => rtpParameters.codecs[0]?.mimeType);
    assert.deepEqual(codecs, ['video/VP8']);
  }
  assert.equal(producers(), 2, 'the one before goes on for those who see it');
  await cy.event('consumersClosed', ({ consumerIds }) => consumerIds.includes(vp9.consumerId));
  assert.equal(producers(), 1);
  assert.ok(
    OLDER_TAKE_MS > 4_000,
    'receivers wait four seconds for the picture that replaces another',
  );
});

test('a track has two producers at most, whatever its client asks for', async (t) => {
  const { ada, camera, take, producers } = await call(t);
  for (let count = 1; count <= LIMITS.takes; count++) {
    assert.deepEqual(await take(count), { take: count });
    await until('the earlier ones to end', () => assert.equal(producers(), 2));
  }
  assert.equal(
    await ada.outcome('publish', { ...camera, take: LIMITS.takes + 1 }),
    'bad_message',
    'one more than the limit',
  );
  // A repetition, and one that comes late, make nothing new.
  await take(LIMITS.takes);
  await take(2);
  assert.equal(producers(), 2);
});

test('a mute, and the end of a track, concern all its takes', async (t) => {
  const { replicas, ada, joined, camera, take, producers } = await call(t);
  await take(1);
  const { trackId } = camera;
  await ada.request('mute', { trackId, muted: true });
  const media = await mediaOf(replicas.cluster, 'team', joined.participantId);
  assert.equal(media[trackId], true);
  await ada.request('unpublish', { trackId });
  await until('both to end', () => assert.equal(producers(), 0));
});

test('a take that the node refuses changes nothing', async (t) => {
  const { ada, camera, come, producers } = await call(t);
  const rtpParameters = pictureOf('VP8');
  const unknown = [{ mimeType: 'video/H265', payloadType: 99, clockRate: 90_000 }];
  const refused = { ...camera, take: 1, rtpParameters: { ...rtpParameters, codecs: unknown } };
  assert.equal(await ada.outcome('publish', refused), 'unsupported_media');
  assert.equal(producers(), 1);
  const { joined } = await come('Ben');
  assert.equal(joined.snapshot.tracks.length, 1, 'the track is still in the room');
});

test('nothing is left of a participant whose track has two takes', async (t) => {
  const { replicas, ada, take } = await call(t);
  await take(1);
  await ada.request('leave', {});
  await until('the nodes to be empty', () => {
    for (const { resources } of replicas.nodes) {
      const { peer, producer, transport, router } = resources.counts();
      assert.deepEqual(
        { peer, producer, transport, router },
        { peer: 0, producer: 0, transport: 0, router: 0 },
      );
    }
  });
});

// Whether a track is muted: the room and the media side agree, whatever is late, refused or lost between them.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { RoomTokens } from '../../../server/api/tokens.ts';
import { FaultyCluster } from '../../support/cluster/faults/faulty-cluster.ts';
import { mediaOf } from '../../support/cluster/media-state.ts';
import { startReplicas, type Wrap } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const AUTH_TOKEN = 'the-operator-of-this-test';
const DELAY_MS = 300;

/** Ada with a microphone at one replica, a host at another. */
async function call(t: TestContext) {
  const replicas = await startReplicas(t, { web: 0 }, { AUTH_TOKEN });
  const faults: FaultyCluster[] = [];
  const wrap: Wrap = (inner) => {
    const faulty = new FaultyCluster(inner, { delayMs: DELAY_MS });
    faults.push(faulty);
    return faulty.cluster;
  };
  const [adasReplica, hostsReplica] = [await replicas.addWeb(wrap), await replicas.addWeb(wrap)];
  const [adas, hosts] = faults;
  assert.ok(adas && hosts);
  const { cluster } = replicas;
  const { secrets } = cluster;
  const tokens = new RoomTokens({
    ...{ authToken: AUTH_TOKEN, apiKeys: [], rejoinTtlSeconds: 60, secrets },
  });
  const tokenOf = async (role: 'host' | 'guest') =>
    (await tokens.mint({ room: 'team', role }, 60)).token;
  const host = await RawClient.open(t, hostsReplica.signalingUrl);
  await host.join('team', { name: 'Ben', token: await tokenOf('host') });
  const ada = await RawClient.open(t, adasReplica.signalingUrl);
  const joined = await ada.join('team', { name: 'Ada', token: await tokenOf('guest') });
  const microphone = publication(joined.media.epoch);
  const { trackId } = microphone;
  await ada.request('publish', microphone);
  const isMuted = async (muted: boolean) => {
    await until(`room and media to have it ${muted ? 'muted' : 'unmuted'}`, async () => {
      const snapshot = await cluster.rooms.snapshot('team');
      assert.equal(snapshot?.tracks.find(({ id }) => id === trackId)?.muted, muted, 'the room');
      const media = await mediaOf(cluster, 'team', joined.participantId);
      assert.equal(media[trackId], muted, 'the media');
    });
  };
  return { replicas, adas, hosts, host, ada, joined, microphone, trackId, isMuted };
}

const MUTE = { name: 'bus.request mute', nth: 0 };

test('a host’s mute that arrives after the owner’s unmute mutes nobody', async (t) => {
  const { hosts, host, ada, trackId, isMuted } = await call(t);
  hosts.arm(MUTE, 'delayed');
  const muting = host.request('muteOther', { trackId });
  await ada.event('patch', ({ ops }) => ops[0]?.op === 'mute');
  await ada.request('mute', { trackId, muted: false });
  await muting;
  await isMuted(false);
});

test('an owner’s unmute that arrives after a host’s mute unmutes nobody', async (t) => {
  const { adas, host, ada, trackId, isMuted } = await call(t);
  await ada.request('mute', { trackId, muted: true });
  adas.arm(MUTE, 'delayed');
  const unmuting = ada.request('mute', { trackId, muted: false });
  await host.event('patch', ({ ops }) => ops[0]?.op === 'mute' && !ops[0].muted);
  await host.request('muteOther', { trackId });
  await unmuting;
  await isMuted(true);
});

test('a mute that the media side may not have heard is told again', async (t) => {
  const { adas, ada, trackId, isMuted } = await call(t);
  adas.refusing.add(MUTE.name);
  await ada.request('mute', { trackId, muted: true });
  adas.refusing.clear();
  await isMuted(true);
});

test('a mute whose commit was done though its answer was lost reaches the media', async (t) => {
  const { adas, ada, trackId, isMuted } = await call(t);
  adas.arm({ name: 'rooms.commit', nth: 0 }, 'answer lost');
  await assert.rejects(ada.request('mute', { trackId, muted: true }), { code: 'unavailable' });
  await isMuted(true);
});

test('a host’s mute stays, though a publication on a new media session crosses it', async (t) => {
  const { adas, host, ada, joined, trackId, isMuted } = await call(t);
  await ada.request('rebuildMedia', { epoch: joined.media.epoch });
  const { epoch } = await ada.event('media');
  await host.request('muteOther', { trackId });
  await ada.event('patch', ({ ops }) => ops[0]?.op === 'mute');
  // It was on its way already when the client heard of the mute.
  await ada.request('publish', { ...publication(epoch), trackId, muted: false });
  assert.ok(adas.calls.includes('rooms.commit'));
  await isMuted(true);
});

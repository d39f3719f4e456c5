// What people share through our SDK: refusals that come late, muting, choosing, and sharing more.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Role } from '../../../shared/room/room.ts';
import { until } from '../../support/process/until.ts';
import { cameraTrack } from '../../support/sdk/media.ts';
import { Person, type PersonOptions } from '../../support/sdk/participant.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { applicationToken, WITH_APPLICATION } from '../../support/server/application.ts';
import { ownedBy } from '../../support/server/owned.ts';

async function invited(
  t: TestContext,
  server: TestServer,
  role: Role,
  name: string,
  options: PersonOptions = {},
): Promise<Person> {
  const token = await applicationToken({ room: 'team', role });
  return Person.join(t, server.url, 'team', name, { token, ...options });
}

test('one track too many is taken back with a word, and the others go on', async (t) => {
  const server = await startServer(t, { MAX_TRACKS_PER_PARTICIPANT: '2' });
  const ada = await Person.join(t, server.url, 'team', 'Ada');
  const ben = await Person.join(t, server.url, 'team', 'Ben');
  await ben.sees(ada);
  await ada.share('screen');
  await until('the refusal', () => assert.deepEqual(ada.problems, ['too_many_tracks']));
  assert.deepEqual([...ada.call.localTracks.keys()], ['microphone', 'camera']);
  await Promise.all([ben.sees(ada), ben.hears(ada)]);
  assert.equal(ben.tracksOf(ada).length, 2);
  assert.equal(ada.call.connection.state, 'connected');
  ada.call.unpublish('camera');
  await ada.share('screen');
  await until('the screen instead of the camera', () =>
    assert.deepEqual(
      ben.tracksOf(ada).map(({ source }) => source),
      ['microphone', 'screen'],
    ),
  );
});

test('a viewer who brings a camera watches all the same', async (t) => {
  const server = await startServer(t, WITH_APPLICATION);
  const ada = await invited(t, server, 'guest', 'Ada');
  const viewer = await invited(t, server, 'viewer', 'Vi');
  await until('both refusals', () => assert.deepEqual(viewer.problems, ['forbidden', 'forbidden']));
  assert.equal(viewer.call.localTracks.size, 0);
  await Promise.all([viewer.sees(ada), viewer.hears(ada)]);
  assert.equal(ada.call.remoteTracks.size, 0);
  await viewer.call.sendChat('I can see you');
});

test('somebody muted by the host is told, sends nothing, and may unmute', async (t) => {
  const server = await startServer(t, WITH_APPLICATION);
  const host = await invited(t, server, 'host', 'Hal', { share: ['microphone'] });
  const ada = await invited(t, server, 'guest', 'Ada');
  await Promise.all([host.hears(ada), ada.hears(host)]);
  const muted: string[] = [];
  ada.call.on('mutedByHost', (source) => muted.push(source));
  const [microphone] = host.tracksOf(ada).filter(({ source }) => source === 'microphone');
  await host.call.muteOther(microphone?.id ?? '');
  await until('Ada to be told', () => assert.deepEqual(muted, ['microphone']));
  assert.equal(ada.call.localTracks.get('microphone')?.muted, true);
  await until('silence', async () => {
    const before = await host.packetsFrom(ada, 'microphone');
    await host.sees(ada);
    assert.equal(await host.packetsFrom(ada, 'microphone'), before, 'packets of the microphone');
  });
  ada.call.setMuted('microphone', false);
  await host.hears(ada);
  const [ofHost] = ada.tracksOf(host);
  await assert.rejects(ada.call.muteOther(ofHost?.id ?? ''), { code: 'forbidden' });
});

test('somebody removed by the host is out for good, and told why', async (t) => {
  const server = await startServer(t, WITH_APPLICATION);
  const host = await invited(t, server, 'host', 'Hal', { share: [] });
  const ada = await invited(t, server, 'guest', 'Ada');
  await host.call.removeParticipant(ada.participantId);
  await until('the end of the call', () => {
    const { connection } = ada.call;
    assert.equal(connection.state === 'ended' && connection.error?.code, 'removed');
  });
  await until('her to be gone', () => assert.equal(host.call.room.participants.length, 1));
  await assert.rejects(ada.call.sendChat('but why?'), { code: 'not_joined' });
});

test('a track that nobody looks at is not sent, and is there again when somebody does', async (t) => {
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, 'team', 'Ada');
  const ben = await Person.join(t, server.url, 'team', 'Ben', { share: [] });
  await ben.sees(ada);
  const camera = ben.tracksOf(ada).find(({ source }) => source === 'camera');
  assert.ok(camera);
  ben.call.subscribe(camera.id, { paused: true });
  await until('the picture to stop', async () => {
    const before = await ben.packetsFrom(ada, 'camera');
    await ben.hears(ada);
    await ben.hears(ada);
    assert.equal(await ben.packetsFrom(ada, 'camera'), before);
  });
  ben.call.subscribe(camera.id, {});
  await ben.sees(ada);
  assert.deepEqual(ben.problems, []);
});

test('another camera takes the place of the first under the same id', async (t) => {
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: ['camera'] });
  const ben = await Person.join(t, server.url, 'team', 'Ben', { share: [] });
  await ben.sees(ada);
  const [before] = ben.tracksOf(ada);
  const other = ownedBy(t).use(cameraTrack());
  await ada.call.publish({ source: 'camera', track: other.track });
  await ben.sees(ada);
  assert.deepEqual(ben.tracksOf(ada), [before]);
  assert.equal(ada.call.localTracks.get('camera')?.track, other.track);
});

test('whoever comes muted is muted for all, and heard when they speak up', async (t) => {
  const server = await startServer(t);
  const ben = await Person.join(t, server.url, 'team', 'Ben', { share: [] });
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: ['camera'] });
  await ada.share('microphone');
  ada.call.setMuted('microphone', true);
  await until('Ben to see it', () =>
    assert.equal(ben.tracksOf(ada).find(({ source }) => source === 'microphone')?.muted, true),
  );
  ada.call.setMuted('microphone', false);
  await ben.hears(ada);
});

test('who is heard is told, once each, and silence too', async (t) => {
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, 'team', 'Ada', {
    share: ['microphone', 'screen-audio'],
  });
  const ben = await Person.join(t, server.url, 'team', 'Ben', { share: [] });
  const heard: string[][] = [];
  ben.call.on('speakers', (speakers) =>
    heard.push(speakers.map(({ participantId }) => participantId)),
  );
  await until('Ada to be heard a few times', () => {
    assert.ok(heard.filter((people) => people.includes(ada.participantId)).length >= 3);
  });
  for (const people of heard) assert.ok(people.length <= 1, 'one person speaks with one voice');
  ada.call.setMuted('microphone', true);
  ada.call.setMuted('screen-audio', true);
  await until('silence', () => assert.deepEqual(ben.call.speakers, []));
});

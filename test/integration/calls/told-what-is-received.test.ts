// A client is told what is received of its tracks: as state, with every offer of media, and when it changes.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { NO_LAYER } from '../../../shared/protocol/media-messages.ts';
import { FEATURES, type JoinResult } from '../../../shared/protocol/protocol.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const features = [...FEATURES];

interface Joined {
  client: RawClient;
  answer: JoinResult;
}

async function joined(
  t: TestContext,
  server: TestServer,
  how: { features?: string[] } = { features },
): Promise<Joined> {
  const client = await RawClient.open(t, server.signalingUrl);
  return { client, answer: await client.join('team', how) };
}

/** @returns the id of the track */
async function shares({ client, answer }: Joined, source: 'camera' | 'screen'): Promise<string> {
  const track = publication(answer.media.epoch, { kind: 'video', source });
  await client.request('publish', track);
  return track.trackId;
}

const isTold = ({ client }: Joined, layers: Record<string, number>) =>
  client.event('demand', (demand) => {
    const named = Object.entries(demand.layers);
    return (
      named.length === Object.keys(layers).length &&
      named.every(([trackId, layer]) => layers[trackId] === layer)
    );
  });

test('a camera is as large as somebody sees it, a screen is always whole', async (t) => {
  const server = await startServer(t);
  const ada = await joined(t, server);
  const ben = await joined(t, server);
  const [camera, screen] = [await shares(ada, 'camera'), await shares(ada, 'screen')];
  const look = (preferences: Record<string, { paused?: boolean; spatialLayer?: number }>) =>
    ben.client.request('subscribe', { preferences });

  await look({ [camera]: { spatialLayer: 0 }, [screen]: { spatialLayer: 0 } });
  await isTold(ada, { [camera]: 0 });
  await look({ [camera]: { paused: true }, [screen]: { paused: true } });
  await isTold(ada, { [camera]: NO_LAYER });
  await look({ [camera]: { spatialLayer: 1, paused: false }, [screen]: { spatialLayer: 0 } });
  await isTold(ada, { [camera]: 1 });
  await look({ [camera]: {} });
  await isTold(ada, {});
  for (const { layers } of ada.client.events('demand')) {
    assert.equal(layers[screen], undefined);
  }
  const versions = ada.client.events('demand').map(({ version }) => version);
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  );
});

test('a client that does not name the feature is never told to send less', async (t) => {
  const server = await startServer(t);
  const old = await joined(t, server, {});
  const ada = await joined(t, server);
  const cameras = [await shares(old, 'camera'), await shares(ada, 'camera')];
  // Nobody watches either: both look away, and the newer one is told.
  for (const { client } of [old, ada]) {
    const away = cameras.map((trackId) => [trackId, { paused: true }]);
    await client.request('subscribe', { preferences: Object.fromEntries(away) });
  }
  await isTold(ada, { [cameras[1] ?? '']: NO_LAYER });
  await old.client.settled();
  assert.deepEqual(old.client.events('demand'), []);
  assert.equal(old.answer.media.demand, undefined);
});

test('whoever was away learns from the answer of the resume what is received', async (t) => {
  const server = await startServer(t);
  const ada = await joined(t, server);
  const camera = await shares(ada, 'camera');
  await isTold(ada, { [camera]: NO_LAYER });
  const resume = async (how: { features?: string[] }) => {
    const client = await RawClient.open(t, server.signalingUrl);
    const { participantId, resumeSecret } = ada.answer;
    const rtpCapabilities = ROUTER_RTP_CAPABILITIES;
    const session = { room: 'team', participantId, resumeSecret, version: 1, rtpCapabilities };
    const { media } = await client.request('resume', { ...session, ...how });
    return { client, media };
  };

  await ada.client.drop();
  const back = await resume({ features });
  assert.deepEqual(back.media.demand?.layers, { [camera]: NO_LAYER });
  const { client: ben } = await joined(t, server);
  const raised = await back.client.event('demand', ({ layers }) => layers[camera] === undefined);
  assert.ok(raised.version > (back.media.demand?.version ?? 0));

  // A replica of an older release does not say that the client understands it, and passes nothing on.
  await back.client.drop();
  const old = await resume({});
  assert.equal(old.media.demand, undefined);
  const carol = await joined(t, server);
  const other = await shares(carol, 'camera');
  await ben.request('leave', {});
  await old.client.request('subscribe', { preferences: { [other]: { paused: true } } });
  await carol.client.request('subscribe', { preferences: { [camera]: { paused: true } } });
  await isTold(carol, { [other]: NO_LAYER });
  assert.deepEqual(old.client.events('demand'), []);
});

test('a screen comes first where a client gets fewer pictures than there are', async (t) => {
  const server = await startServer(t, { PICTURES: '1' });
  const ada = await joined(t, server);
  await shares(ada, 'camera');
  const screen = await shares(ada, 'screen');
  const late = await RawClient.open(t, server.signalingUrl);
  const { media } = await late.join('team');
  assert.deepEqual(
    media.consumers.map(({ trackId }) => trackId),
    [screen],
  );
});

const ROOM = 'team';

/** Joins and sends a camera that nobody sees. */
async function alone(t: TestContext, server: TestServer, room = ROOM) {
  const client = await RawClient.open(t, server.signalingUrl);
  const { media } = await client.join(room, { features: [...FEATURES] });
  const camera = publication(media.epoch, { kind: 'video', source: 'camera' });
  await client.request('publish', camera);
  return { client, camera: camera.trackId };
}

async function prepares(t: TestContext, server: TestServer): Promise<RawClient> {
  const client = await RawClient.open(t, server.signalingUrl);
  await client.prepare(ROOM);
  return client;
}

type Sender = Awaited<ReturnType<typeof alone>>;

const sleeps = ({ client, camera }: Sender, after = 0) =>
  client.event('demand', (demand) => demand.version > after && demand.layers[camera] === NO_LAYER);
const isAwake = ({ client, camera }: Sender, after: number) =>
  client.event('demand', (demand) => demand.version > after && demand.layers[camera] === undefined);

test('a camera that sleeps is awake while a page is ready to join, and sleeps again without it', async (t) => {
  const server = await startServer(t);
  const ada = await alone(t, server);
  const { version } = await sleeps(ada);
  const patches = ada.client.events('patch').length;
  const page = await prepares(t, server);
  const awake = await isAwake(ada, version);
  assert.equal(ada.client.events('patch').length, patches, 'nothing has happened in the room');
  assert.equal(server.counts().consumer, 0, 'and nothing is sent to anybody');
  await page.drop();
  await sleeps(ada, awake.version);
});

test('a camera that comes while a page is ready to join does not fall asleep', async (t) => {
  const server = await startServer(t);
  const page = await prepares(t, server);
  const ada = await alone(t, server);
  // Of two that come one after the other, the first would be asleep as soon as the second.
  await sleeps(await alone(t, server, 'another'));
  assert.deepEqual(ada.client.events('demand'), []);
  await page.drop();
  await sleeps(ada);
});

test('a page that only stays open lets cameras sleep after PREPARED_AWAKE_MS, and stays prepared', async (t) => {
  const server = await startServer(t, { PREPARED_AWAKE_MS: '100' });
  const ada = await alone(t, server);
  const { version } = await sleeps(ada);
  await prepares(t, server);
  const awake = await isAwake(ada, version);
  await sleeps(ada, awake.version);
  assert.equal(server.counts().prepared, 1);
});

test('PREPARED_AWAKE_MS is 0: a camera sleeps until the join', async (t) => {
  const server = await startServer(t, { PREPARED_AWAKE_MS: '0' });
  const ada = await alone(t, server);
  const { version } = await sleeps(ada);
  await prepares(t, server);
  const before = ada.client.events('demand').length;
  const ben = await RawClient.open(t, server.signalingUrl);
  await ben.join(ROOM);
  await isAwake(ada, version);
  assert.equal(ada.client.events('demand').length, before + 1);
});

// What nobody receives is not sent: layers at their source, pictures over pipes, across workers and nodes.
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { cleanup } from 'node-datachannel';
import { nodeOf, startReplicas } from '../../support/cluster/replicas.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until, within } from '../../support/process/until.ts';
import { cameraSeenBy, loadIsKnown, packetsArrive } from '../../support/sdk/light-camera.ts';
import { lightPublisher } from '../../support/sdk/light-publisher.ts';
import { followNewMedia } from '../../support/sdk/new-media.ts';
import { Person } from '../../support/sdk/participant.ts';
import { SentLayers } from '../../support/sdk/sent-layers.ts';
import { startServer } from '../../support/server/app.ts';

after(() => cleanup());

const ALL = [true, true, true];
const NONE = [false, false, false];

async function reports(t: TestContext, what: string, action: () => Promise<void>): Promise<void> {
  const since = performance.now();
  await action();
  t.diagnostic(`${what}: ${Math.round(performance.now() - since)} ms`);
}

test('a layer that nobody receives is switched off at its source, and is back when somebody does', async (t) => {
  const sent = new SentLayers(t);
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: [] });
  await lightPublisher(t, server.url, 'team', 'Light');
  const camera = await cameraSeenBy(ada);
  await packetsArrive(ada, camera);
  await sent.becomes(camera, ALL);

  ada.call.subscribe(camera, { spatialLayer: 0 });
  await reports(t, 'the upper layers off', () => sent.becomes(camera, [true, false, false]));
  ada.call.subscribe(camera, { spatialLayer: 1 });
  await reports(t, 'the middle one on', () => sent.becomes(camera, [true, true, false]));

  const ben = await Person.join(t, server.url, 'team', 'Ben', { share: [] });
  await packetsArrive(ben, camera);
  await sent.becomes(camera, ALL);
  ben.call.leave();
  await sent.becomes(camera, [true, true, false]);

  ada.call.subscribe(camera, { paused: true });
  await reports(t, 'the picture off', () => sent.becomes(camera, NONE));
  ada.call.subscribe(camera, { paused: false });
  await reports(t, 'a packet of it', () => packetsArrive(ada, camera));
  await sent.becomes(camera, ALL);
  ada.call.leave();
  await sent.becomes(camera, NONE);
});

test('where many cameras share a window, whoever arrives makes none of them send more than it is seen with', async (t) => {
  const sent = new SentLayers(t);
  const server = await startServer(t, { SHARP_PICTURES_UP_TO: '0' });
  await lightPublisher(t, server.url, 'team', 'Light');
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: [] });
  const camera = await cameraSeenBy(ada);
  await packetsArrive(ada, camera);
  await sent.becomes(camera, [true, false, false]);
  ada.call.subscribe(camera, { paused: false });
  await sent.becomes(camera, ALL);
  assert.deepEqual(ada.problems, []);
});

test('between two workers a picture that nobody there receives is not piped', async (t) => {
  const sent = new SentLayers(t);
  const server = await startServer(t, { WORKERS: '2', PEERS_PER_WORKER: '1' });
  await lightPublisher(t, server.url, 'team', 'Light');
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: [] });
  const camera = await cameraSeenBy(ada);
  await pausesAndComesBack(t, sent, ada, camera);
});

test('between two nodes a picture that nobody there receives is not piped', async (t) => {
  const sent = new SentLayers(t);
  const env = { SPILL_SESSIONS_PER_WORKER: '1' };
  const { web, cluster } = await startReplicas(t, { web: 1, nodes: 2 }, env);
  const { url } = web[0]!;
  await lightPublisher(t, url, 'team', 'Light');
  await loadIsKnown(cluster);
  const ada = await Person.join(t, url, 'team', 'Ada', { share: [] });
  const camera = await cameraSeenBy(ada);
  await pausesAndComesBack(t, sent, ada, camera);
});

test('a picture from another node that was given up is there again when somebody looks', async (t) => {
  const sent = new SentLayers(t);
  const env = { SPILL_SESSIONS_PER_WORKER: '1', PICTURES: '1' };
  const { web, cluster } = await startReplicas(t, { web: 1, nodes: 2 }, env);
  const { url } = web[0]!;
  // The voice keeps the pipe between the nodes open.
  await lightPublisher(t, url, 'team', 'Light');
  await loadIsKnown(cluster);
  const ada = await Person.join(t, url, 'team', 'Ada', { share: ['camera'] });
  const camera = await cameraSeenBy(ada);
  await packetsArrive(ada, camera);
  assert.equal((await sent.ofPipes(camera)).length, 1, 'both are on one node');
  ada.call.hideOthers();
  ada.call.subscribe(camera, { paused: true });
  await sent.becomes(camera, NONE);
  await until('the pipe to end', async () => assert.deepEqual(await sent.ofPipes(camera), []));
  ada.call.subscribe(camera, { paused: false });
  await until('the picture to be there', () => assert.ok(ada.call.remoteTracks.has(camera)));
  await packetsArrive(ada, camera);
  await sent.becomes(camera, ALL);
});

test('whoever nobody looks at sends nothing after a move either, and is seen when somebody looks', async (t) => {
  const sent = new SentLayers(t);
  const replicas = await startReplicas(t, { web: 1, nodes: 2 });
  const { web } = replicas;
  const { url } = web[0]!;
  await lightPublisher(t, url, 'team', 'Light');
  const ada = await Person.join(t, url, 'team', 'Ada', { share: [] });
  const camera = await cameraSeenBy(ada);
  ada.call.subscribe(camera, { paused: true });
  await sent.becomes(camera, NONE);
  const left = await nodeOf(replicas, 'team', ada.participantId);
  left.node.drain();
  await within('everybody to have left the node', DEADLINES.media, left.node.drained);
  await sent.becomes(camera, NONE);
  ada.call.subscribe(camera, { paused: false });
  await packetsArrive(ada, camera);
  await sent.becomes(camera, ALL);
  assert.deepEqual(ada.problems, []);
});

test('whoever moves is sent no picture that it does not look at, not even for a moment', async (t) => {
  const sent = new SentLayers(t);
  const began = beginningsOfPictures(t);
  const env = { SPILL_SESSIONS_PER_WORKER: '1' };
  const replicas = await startReplicas(t, { web: 1, nodes: 2 }, env);
  const { web, cluster } = replicas;
  const { url } = web[0]!;
  await lightPublisher(t, url, 'team', 'Light');
  await loadIsKnown(cluster);
  const ada = await Person.join(t, url, 'team', 'Ada', { share: [] });
  const camera = await cameraSeenBy(ada);
  ada.call.subscribe(camera, { paused: true });
  await sent.becomes(camera, NONE);
  const left = await nodeOf(replicas, 'team', ada.participantId);
  began.length = 0;
  left.node.drain();
  await within('Ada to have left the node', DEADLINES.media, left.node.drained);
  assert.deepEqual(began, ['paused'], 'it is ready, should she look at it again');
  assert.deepEqual(ada.problems, []);
});

test('a camera that moves sends no more than is looked at, but for a moment', async (t) => {
  const sent = new SentLayers(t);
  const replicas = await startReplicas(t, { web: 1, nodes: 2 });
  const { web } = replicas;
  const { url } = web[0]!;
  await lightPublisher(t, url, 'team', 'Light');
  const ada = await Person.join(t, url, 'team', 'Ada', { share: [] });
  const camera = await cameraSeenBy(ada);
  ada.call.subscribe(camera, { spatialLayer: 0 });
  await sent.becomes(camera, [true, false, false]);
  const left = await nodeOf(replicas, 'team', ada.participantId);
  left.node.drain();
  await within('everybody to have left the node', DEADLINES.media, left.node.drained);
  await packetsArrive(ada, camera);
  const [lowest = 0, , highest = 0] = await sent.counts(camera);
  t.diagnostic(`${lowest} packets in the lowest layer, ${highest} in the highest`);
  // A frame of the highest has seven packets: after a second and a half it had three times as many as the lowest.
  assert.ok(lowest > 0 && highest < 2 * lowest, `${highest} packets in a layer that nobody sees`);
  await sent.becomes(camera, [true, false, false]);
});

/** How each picture that a participant receives began, from now on. */
function beginningsOfPictures(context: TestContext): ('paused' | 'sent')[] {
  const began: ('paused' | 'sent')[] = [];
  followNewMedia(context, {
    onConsumer({ kind, paused }, { type }) {
      if (type === 'webrtc' && kind === 'video') began.push(paused ? 'paused' : 'sent');
    },
  });
  return began;
}

async function pausesAndComesBack(
  t: TestContext,
  sent: SentLayers,
  watcher: Person,
  camera: string,
): Promise<void> {
  const pipes = (layers: boolean[]) =>
    until(`the pipe to carry ${layers.join()}`, async () =>
      assert.deepEqual(await sent.ofPipes(camera), [layers]),
    );
  await packetsArrive(watcher, camera);
  await pipes(ALL);
  watcher.call.subscribe(camera, { spatialLayer: 1 });
  await reports(t, 'a layer off', () => sent.becomes(camera, [true, true, false]));
  watcher.call.subscribe(camera, { paused: true });
  await reports(t, 'the picture off', () => sent.becomes(camera, NONE));
  await pipes(NONE);
  watcher.call.subscribe(camera, { paused: false });
  await reports(t, 'a packet of it', () => packetsArrive(watcher, camera));
  await Promise.all([sent.becomes(camera, ALL), pipes(ALL)]);
  assert.deepEqual(watcher.problems, []);
}

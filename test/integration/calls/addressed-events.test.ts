// What concerns one participant goes to the one web replica that has the session, whatever release the others are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { startReplicas, type Wrap } from '../../support/cluster/replicas.ts';
import { through } from '../../support/cluster/through.ts';
import { until } from '../../support/process/until.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

/** Counts the media events that a replica gets, by their name. */
function counted(): { wrap: Wrap; got: Map<string, number> } {
  const got = new Map<string, number>();
  const wrap: Wrap = (cluster) =>
    through(cluster, {
      subscribe: (topic, listener) =>
        cluster.bus.subscribe(topic, (message) => {
          const { event } = message as { event?: string };
          if (event !== undefined) got.set(event, (got.get(event) ?? 0) + 1);
          listener(message);
        }),
    });
  return { wrap, got };
}

/** A replica of an older release names no replica. */
const older: Wrap = (cluster) =>
  through(cluster, {
    request: (nodeId, command, params, options) => {
      const { replica: _, ...known } = params as { replica?: string };
      return cluster.bus.request(nodeId, command, known, options);
    },
  });

/** A node of an older release reads no replica. */
const olderNode: Wrap = (cluster) =>
  through(cluster, {
    serve: (nodeId, handler) =>
      cluster.bus.serve(nodeId, (command, params) => {
        const { replica: _, ...known } = params as { replica?: string };
        return handler(command, known);
      }),
  });

test('new consumers of one participant are sent to the replica that has the session alone', async (t) => {
  const { web, addWeb } = await startReplicas(t, { web: 0 });
  const [one, two] = [counted(), counted()];
  await addWeb(one.wrap);
  await addWeb(two.wrap);
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const ben = await RawClient.open(t, web[1]!.signalingUrl);
  const { media } = await ada.join('team', { name: 'Ada' });
  await ben.join('team', { name: 'Ben' });
  const { trackId } = publication(media.epoch);
  await ada.request('publish', { ...publication(media.epoch), trackId });
  await ben.event('consumers');
  await ada.request('unpublish', { trackId });
  await ben.lostTrack(trackId);
  assert.deepEqual(
    [one.got.get('consumers'), one.got.get('consumersClosed')],
    [undefined, undefined],
  );
  assert.deepEqual([two.got.get('consumers'), two.got.get('consumersClosed')], [1, 1]);
});

test('events follow a session to the replica that claims it, and none is lost in between', async (t) => {
  const { web, addWeb } = await startReplicas(t, { web: 0 });
  const claimed = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const [first, second] = [counted(), counted()];
  await addWeb(first.wrap);
  await addWeb((cluster) =>
    through(second.wrap(cluster), {
      subscribe: (...args) => second.wrap(cluster).bus.subscribe(...args),
      request: async (nodeId, command, params, options) => {
        if (command === 'describe') {
          claimed.resolve();
          await goOn.promise;
        }
        return cluster.bus.request(nodeId, command, params, options);
      },
    }),
  );
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const ben = await RawClient.open(t, web[0]!.signalingUrl);
  const joined = await ben.join('team', { name: 'Ben' });
  const { media } = await ada.join('team', { name: 'Ada' });
  const back = await RawClient.open(t, web[1]!.signalingUrl);
  const resuming = back.resume('team', joined, joined.snapshot.version);
  await claimed.promise;
  // The node does not know yet: what it publishes goes to the replica of before.
  const between = publication(media.epoch);
  await ada.request('publish', between);
  await until('the replica of before to be told', () =>
    assert.equal(first.got.get('consumers'), 1),
  );
  goOn.resolve();
  const resumed = await resuming;
  assert.deepEqual(
    resumed.media.consumers.map(({ trackId }) => trackId),
    [between.trackId],
  );
  const after = publication(media.epoch);
  await ada.request('publish', after);
  await back.event('consumers', ({ consumers }) =>
    consumers.some((c) => c.trackId === after.trackId),
  );
  assert.ok((second.got.get('consumers') ?? 0) >= 1);
});

test('a worker that dies is told to the replicas of those who were on it', async (t) => {
  const { web, nodes, addWeb } = await startReplicas(t, { web: 0 });
  const [one, two] = [counted(), counted()];
  await addWeb(one.wrap);
  await addWeb(two.wrap);
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const ben = await RawClient.open(t, web[1]!.signalingUrl);
  const joined = await ada.join('team');
  await ben.join('team');
  await nodes[0]!.node.close();
  await until('both to be told', () =>
    assert.deepEqual([one.got.get('lost'), two.got.get('lost')], [1, 1]),
  );
  assert.ok(joined.media.epoch > 0);
});

test('replicas of an older release get the events of their sessions, before and after a resume', async (t) => {
  const { web, addWeb } = await startReplicas(t, { web: 1 });
  await addWeb(older);
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const ben = await RawClient.open(t, web[1]!.signalingUrl);
  const { media } = await ada.join('team', { name: 'Ada' });
  const joined = await ben.join('team', { name: 'Ben' });
  await ada.request('publish', publication(media.epoch));
  await ben.event('consumers');

  // From the older replica to the newer one, and back.
  let session = joined;
  for (const replica of [web[0]!, web[1]!]) {
    const back = await RawClient.open(t, replica.signalingUrl);
    const { media: described } = await back.resume('team', session, session.snapshot.version);
    assert.equal(described.epoch, joined.media.epoch);
    const another = publication(media.epoch);
    await ada.request('publish', another);
    await back.event('consumers', ({ consumers }) =>
      consumers.some(({ trackId }) => trackId === another.trackId),
    );
    session = { ...session };
  }
});

test('events of a node of an older release reach the session that they are for', async (t) => {
  const { web, addNode } = await startReplicas(t, { web: 2, nodes: 0 });
  await addNode(olderNode);
  const ada = await RawClient.open(t, web[0]!.signalingUrl);
  const ben = await RawClient.open(t, web[1]!.signalingUrl);
  const { media } = await ada.join('team', { name: 'Ada' });
  await ben.join('team', { name: 'Ben' });
  await ada.request('publish', publication(media.epoch));
  await ben.event('consumers');
});

for (const nodes of [1, 2]) {
  test(`what one participant's media says of another's goes to that one's replica, over ${nodes} nodes`, async (t) => {
    const env = { SPILL_SESSIONS_PER_WORKER: '1' };
    const { web, cluster } = await startReplicas(t, { web: 2, nodes }, env);
    const ada = await RawClient.open(t, web[0]!.signalingUrl);
    const ben = await RawClient.open(t, web[1]!.signalingUrl);
    const { media } = await ada.join('team', { name: 'Ada', features: ['takes'] });
    const camera = publication(media.epoch, { source: 'camera' });
    await ada.request('publish', camera);
    await until('the load to be known', async () => {
      const loads = (await cluster.nodes.list()).map(({ sessions }) => sessions);
      assert.equal(Math.max(...loads), 1);
    });
    // Ben has no codec for it.
    const codecs = ROUTER_RTP_CAPABILITIES.codecs?.filter(
      ({ mimeType }) => !/vp8|rtx/i.test(mimeType),
    );
    await ben.join('team', {
      name: 'Ben',
      rtpCapabilities: { ...ROUTER_RTP_CAPABILITIES, codecs: codecs ?? [] },
    });
    const { nodes: counts = {} } = (await cluster.rooms.placement('team')) ?? {};
    assert.equal(Object.keys(counts).length, nodes);
    await ada.event('undecodable', ({ trackId }) => trackId === camera.trackId);
  });
}

// A node that opens many media sessions takes tracks late: whoever moves there is seen from the node before until then.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanup } from 'node-datachannel';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { through } from '../../support/cluster/through.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until, within } from '../../support/process/until.ts';
import { cameraSeenBy } from '../../support/sdk/light-camera.ts';
import { lightPublisher } from '../../support/sdk/light-publisher.ts';
import { Person } from '../../support/sdk/participant.ts';

after(() => cleanup());

/** Longer than a light participant waits for all that it received before. */
const LATE_MS = 6_000;

test('the camera of a light participant that moves is seen all the time', async (t) => {
  const taken = Promise.withResolvers<void>();
  let heldAt: number | undefined;
  let home: string | undefined;
  const { web, nodes, cluster } = await startReplicas(t, {
    web: 1,
    nodes: 2,
    wrap: (inner) =>
      through(inner, {
        request: async (...args) => {
          const [nodeId, command] = args;
          if (home !== undefined && nodeId !== home && command === 'publish') {
            heldAt ??= performance.now();
            await taken.promise;
          }
          return inner.bus.request(...args);
        },
      }),
  });
  const { url } = web[0]!;
  await lightPublisher(t, url, 'team', 'Light');
  const ada = await Person.join(t, url, 'team', 'Ada', { share: [] });
  const camera = await cameraSeenBy(ada);
  const packets = async () => {
    const { recv } = await ada.call.stats();
    const track = ada.call.remoteTracks.get(camera)?.track;
    const entry = [...(recv?.values() ?? [])].find(
      ({ type, trackIdentifier }) => type === 'inbound-rtp' && trackIdentifier === track?.id,
    );
    return entry?.packetsReceived ?? 0;
  };
  const moves = async () => {
    const before = await packets();
    await until('the picture to move', async () => assert.ok((await packets()) > before));
  };
  await moves();
  home = await cluster.rooms.nodeOf('team', ada.participantId);
  const left = nodes.find(({ node }) => node.id === home);
  assert.ok(left);
  left.node.drain();
  await until('the other node to be late', () =>
    assert.ok(heldAt !== undefined && performance.now() - heldAt > LATE_MS),
  );
  await moves();
  taken.resolve();
  await within('everybody to have left the node', DEADLINES.media, left.node.drained);
  await moves();
  assert.deepEqual(ada.problems, []);
});

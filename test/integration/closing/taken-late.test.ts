// A node that opens many media sessions takes tracks late: whoever moves there is seen from the node before until then.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanup } from 'node-datachannel';
import { nodeOf, startReplicas } from '../../support/cluster/replicas.ts';
import { through } from '../../support/cluster/through.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until, within } from '../../support/process/until.ts';
import { cameraSeenBy, packetsArrive } from '../../support/sdk/light-camera.ts';
import { lightPublisher } from '../../support/sdk/light-publisher.ts';
import { Person } from '../../support/sdk/participant.ts';

after(() => cleanup());

/** Longer than a light participant waits for all that it received before. */
const LATE_MS = 6_000;

test('the camera of a light participant that moves is seen all the time', async (t) => {
  const taken = Promise.withResolvers<void>();
  let heldAt: number | undefined;
  let home: string | undefined;
  const replicas = await startReplicas(t, {
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
  const { url } = replicas.web[0]!;
  await lightPublisher(t, url, 'team', 'Light');
  const ada = await Person.join(t, url, 'team', 'Ada', { share: [] });
  const camera = await cameraSeenBy(ada);
  await packetsArrive(ada, camera);
  const left = await nodeOf(replicas, 'team', ada.participantId);
  home = left.node.id;
  left.node.drain();
  await until('the other node to be late', () =>
    assert.ok(heldAt !== undefined && performance.now() - heldAt > LATE_MS),
  );
  await packetsArrive(ada, camera);
  taken.resolve();
  await within('everybody to have left the node', DEADLINES.media, left.node.drained);
  await packetsArrive(ada, camera);
  assert.deepEqual(ada.problems, []);
});

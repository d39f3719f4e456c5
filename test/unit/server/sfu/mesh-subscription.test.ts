// A room's touch with the other nodes, when the store refuses the subscription at first.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import pino from 'pino';
import type { Bus } from '../../../../server/cluster/cluster.ts';
import { meshTopic } from '../../../../server/cluster/messages/mesh.ts';
import { RoomMesh } from '../../../../server/sfu/mesh/room-mesh.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';

const settled = () => new Promise((resolve) => setImmediate(resolve));

function meshOn(subscribe: Bus['subscribe'], onTracks: (nodeId: string) => void = () => {}) {
  const resources = new Resources();
  const mesh = new RoomMesh(
    { room: 'blue', routerOf: () => undefined, onTracks },
    {
      nodeId: 'a',
      bus: { subscribe, publish: async () => {} } as unknown as Bus,
      pipeListenInfo: { protocol: 'udp', ip: '127.0.0.1' },
      isConnected: () => true,
      resources,
      log: pino({ level: 'silent' }),
    },
  );
  return { mesh, resources };
}

test('a failed subscription of a room is repeated, and other nodes are heard then', async (t) => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  t.after(() => mock.timers.reset());
  let attempts = 0;
  let hear: (message: unknown) => void = () => {};
  let ended = false;
  const heard: string[] = [];
  const { mesh, resources } = meshOn(
    async (topic, listener) => {
      if (topic !== meshTopic('blue')) return { close: async () => {} };
      attempts += 1;
      if (attempts < 3) throw new Error('the store is away');
      hear = listener;
      return {
        close: async () => {
          ended = true;
        },
      };
    },
    (nodeId) => heard.push(nodeId),
  );
  for (const count of [1, 2, 3]) {
    await settled();
    assert.equal(attempts, count);
    mock.timers.tick(2_000);
  }
  await settled();
  assert.equal(attempts, 3, 'it is not made twice');
  hear({ nodeId: 'b', seq: 1, tracks: [], links: [], gone: false });
  assert.deepEqual(heard, ['b']);
  await mesh.close();
  assert.ok(ended);
  assert.equal(resources.counts().timer, 0);
});

test('a room that is closed before its subscription succeeds asks no more', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  let attempts = 0;
  const { mesh, resources } = meshOn(async (topic) => {
    if (topic === meshTopic('blue')) attempts += 1;
    throw new Error('the store is away');
  });
  await mesh.close();
  mock.timers.tick(60_000);
  await settled();
  assert.equal(attempts, 1);
  assert.equal(resources.counts().timer, 0);
});

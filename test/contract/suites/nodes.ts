// The registry of media nodes.
import assert from 'node:assert/strict';
import type { Cluster, NodeAnnouncement, NodeInfo } from '../../../server/cluster/cluster.ts';
import { nodeInfo } from '../../support/cluster/node-info.ts';
import { until } from '../../support/process/until.ts';
import type { ClusterTest } from './cluster-test.ts';

/** Every field has something to lose on its way through the store. */
const node = (id: string, sessions = 0): NodeInfo =>
  nodeInfo(id, {
    addresses: ['203.0.113.7'],
    ports: [40_000, 40_001],
    region: 'eu',
    turn: ['turn:turn.example.org:3478'],
    sessions,
    rooms: 1,
    pipe: { address: '10.0.0.7', probePort: 42_000 },
    reaches: ['another-node'],
  });

const unexpected = () => assert.fail('its lease did not run out');

/** Announced, and listening for commands. */
async function begin(cluster: Cluster, info: NodeInfo): Promise<NodeAnnouncement> {
  await cluster.bus.serve(info.id, async () => 'here');
  return cluster.nodes.announce(info, unexpected);
}

export function nodesContract(promises: ClusterTest): void {
  promises('nodes are listed from their announcement to their end', async ({ a, b }) => {
    assert.deepEqual(await b.nodes.list(), []);
    const first = await begin(a, node('node-1'));
    await begin(b, node('node-2'));
    const ids = async () => (await a.nodes.list()).map(({ id }) => id).sort();
    assert.deepEqual(await ids(), ['node-1', 'node-2']);
    await first.close();
    await first.close();
    assert.deepEqual(await ids(), ['node-2']);
  });

  promises('a node that does not listen for commands is not listed', async ({ a, b }) => {
    const served = await a.bus.serve('node-1', async () => 'here');
    await a.nodes.announce(node('node-1'), unexpected);
    assert.equal((await b.nodes.list()).length, 1);
    await served.close();
    await until('it to be gone', async () => assert.deepEqual(await b.nodes.list(), []));
    await b.nodes.announce(node('node-2'), unexpected);
    assert.deepEqual(await a.nodes.list(), []);
  });

  promises('what a node says of itself replaces what it said before', async ({ a, b }) => {
    const announcement = await begin(a, node('node-1'));
    assert.equal(announcement.held, true);
    await announcement.update({ ...node('node-1', 7), draining: true });
    assert.deepEqual(await b.nodes.list(), [{ ...node('node-1', 7), draining: true }]);
  });

  promises('of many updates the last one holds', async ({ a, b }) => {
    const announcement = await begin(a, node('node-1'));
    const counts = Array.from({ length: 20 }, (_, n) => n + 1);
    await Promise.all(counts.map((n) => announcement.update(node('node-1', n))));
    assert.deepEqual(await b.nodes.list(), [node('node-1', 20)]);
  });

  promises('a node that ended is not brought back by a late update', async ({ a, b }) => {
    const announcement = await begin(a, node('node-1'));
    await announcement.close();
    await announcement.update(node('node-1', 3));
    assert.deepEqual(await b.nodes.list(), []);
    assert.equal(announcement.held, false);
  });

  promises('what is listed is a copy', async ({ a, b }) => {
    const info = node('node-1');
    await begin(a, info);
    info.addresses.push('198.51.100.1');
    (await b.nodes.list())[0]?.addresses.push('198.51.100.2');
    assert.deepEqual(await b.nodes.list(), [node('node-1')]);
  });
}

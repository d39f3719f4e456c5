// The registry of media nodes.
import assert from 'node:assert/strict';
import type { NodeInfo } from '../../server/cluster/cluster.ts';
import type { ClusterTest } from './cluster-contract.ts';

const node = (id: string, sessions = 0): NodeInfo => ({
  id,
  addresses: ['203.0.113.7'],
  sessions,
  workers: 2,
  draining: false,
});

export function nodesContract(promises: ClusterTest): void {
  promises('nodes are listed from their announcement to their end', async ({ a, b }) => {
    assert.deepEqual(await b.nodes.list(), []);
    const first = await a.nodes.announce(node('node-1'));
    await b.nodes.announce(node('node-2'));
    const ids = async () => (await a.nodes.list()).map(({ id }) => id).sort();
    assert.deepEqual(await ids(), ['node-1', 'node-2']);
    await first.close();
    await first.close();
    assert.deepEqual(await ids(), ['node-2']);
  });

  promises('what a node says of itself replaces what it said before', async ({ a, b }) => {
    const announcement = await a.nodes.announce(node('node-1'));
    await announcement.update({ ...node('node-1', 7), draining: true });
    assert.deepEqual(await b.nodes.list(), [{ ...node('node-1', 7), draining: true }]);
  });

  promises('a node that ended is not brought back by a late update', async ({ a, b }) => {
    const announcement = await a.nodes.announce(node('node-1'));
    await announcement.close();
    await announcement.update(node('node-1', 3));
    assert.deepEqual(await b.nodes.list(), []);
  });

  promises('what is listed is a copy', async ({ a, b }) => {
    const info = node('node-1');
    await a.nodes.announce(info);
    info.addresses.push('198.51.100.1');
    (await b.nodes.list())[0]?.addresses.push('198.51.100.2');
    assert.deepEqual(await b.nodes.list(), [node('node-1')]);
  });
}

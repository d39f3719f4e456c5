// The memory cluster, held to the one contract; the Redis ones are next door.
import { createMemoryCluster } from '../../server/cluster/memory/memory.ts';
import { clusterContract } from './suites/cluster.ts';
import { KEPT } from './suites/cluster-test.ts';

clusterContract('memory', async (settings) => {
  const listenerErrors: unknown[] = [];
  const onListenerError = (error: unknown) => void listenerErrors.push(error);
  const cluster = createMemoryCluster({ ...KEPT, ...settings, onListenerError });
  return { a: cluster, b: cluster, listenerErrors, close: () => cluster.close() };
});

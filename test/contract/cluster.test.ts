// Every cluster there is, held to the one contract.
import { createMemoryCluster } from '../../server/cluster/memory.ts';
import { clusterContract, KEPT } from './cluster-contract.ts';

clusterContract('memory', async () => {
  const listenerErrors: unknown[] = [];
  const onListenerError = (error: unknown) => void listenerErrors.push(error);
  const cluster = createMemoryCluster({ ...KEPT, onListenerError });
  return { a: cluster, b: cluster, listenerErrors, close: () => cluster.close() };
});

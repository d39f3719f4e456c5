// Two handles of a cluster on Redis, each with connections of its own, as two processes have them.
import { freshPrefix, openRedis } from '../support/cluster/redis-cluster.ts';
import { type ClusterPair, type ClusterSettings, KEPT } from './suites/cluster-test.ts';

export async function redisPair(url: string, settings: ClusterSettings): Promise<ClusterPair> {
  const listenerErrors: unknown[] = [];
  const onListenerError = (error: unknown) => void listenerErrors.push(error);
  const options = { ...KEPT, ...settings, keyPrefix: freshPrefix(), onListenerError };
  const [a, b] = await Promise.all([openRedis(url, options), openRedis(url, options)]);
  const close = async () => void (await Promise.all([a.close(), b.close()]));
  return { a, b, listenerErrors, close };
}

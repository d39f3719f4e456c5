// The cluster as one process sees it, where the bus does something else on the way.
import type { Bus, Cluster } from '../../../server/cluster/cluster.ts';

export function through(
  cluster: Cluster,
  { subscribe, request, serve, publish }: Partial<Bus>,
): Cluster {
  const { bus } = cluster;
  const own: Bus = {
    request: request ?? ((...args) => bus.request(...args)),
    subscribe: subscribe ?? ((...args) => bus.subscribe(...args)),
    serve: serve ?? ((...args) => bus.serve(...args)),
    publish: publish ?? ((...args) => bus.publish(...args)),
  };
  return new Proxy(cluster, {
    get: (target, key) => (key === 'bus' ? own : Reflect.get(target, key)),
  });
}

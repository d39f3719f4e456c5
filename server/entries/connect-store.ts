// The store that `web`, `sfu-rtc` and `worker` share: they reach each other only through it.
import type { Cluster } from '../cluster/cluster.ts';
import { createRedisCluster } from '../cluster/redis/redis.ts';
import type { Config } from '../config/config.ts';
import { sessionLeaseMs } from '../signaling/session/lease.ts';
import type { Logger } from '../telemetry/log.ts';
import { jobLimitsOf } from './compose-parts.ts';

/** @throws Error with one sentence for the operator */
export async function connectStore(config: Config, log: Logger): Promise<Cluster> {
  const { store, limits } = config;
  if (store.url === undefined) {
    throw new Error(
      'REDIS_URL is not set: web, sfu-rtc and worker are processes of one cluster and meet in Redis (or Valkey); `npm start` needs none, as it runs everything in one process.',
    );
  }
  return createRedisCluster({
    url: store.url,
    tlsCaFile: store.tlsCa,
    keyPrefix: store.keyPrefix,
    chatHistory: limits.chatHistory,
    patchHistory: limits.patchHistory,
    sessionLeaseMs: sessionLeaseMs(config),
    nodeLeaseMs: store.nodeLeaseMs,
    jobs: jobLimitsOf(config),
    timeoutMs: store.timeoutMs,
    connectTimeoutMs: store.connectTimeoutMs,
    log,
    onListenerError: (err) => log.error({ err }, 'a cluster listener failed'),
  });
}

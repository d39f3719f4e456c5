// Handles of one Parley cluster on a Redis of a test, each with connections of its own.
import { randomBytes } from 'node:crypto';
import type { RedisClusterOptions } from '../../../server/cluster/redis/process-cluster.ts';
import { createRedisCluster } from '../../../server/cluster/redis/redis.ts';
import { createLogger } from '../../../server/telemetry/log.ts';

export const REDIS_DEFAULTS = {
  chatHistory: 5,
  patchHistory: 8,
  sessionLeaseMs: 30_000,
  nodeLeaseMs: 2_500,
  timeoutMs: 5_000,
  sweepQuietMs: 0,
} as const;

/** A key prefix that no other test on the server uses. */
export function freshPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}`;
}

export function openRedis(url: string, options: Partial<RedisClusterOptions> = {}) {
  return createRedisCluster({
    ...REDIS_DEFAULTS,
    url,
    keyPrefix: freshPrefix(),
    log: createLogger(process.env.PARLEY_TEST_LOG ?? 'silent'),
    onListenerError: (error) => console.error(error),
    ...options,
  });
}

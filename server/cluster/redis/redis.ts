// The cluster on Redis or Valkey, one server or a Redis Cluster: everything that processes share.
import { readFileSync } from 'node:fs';
import type { Cluster } from '../cluster.ts';
import { UnusableServer } from './link/errors.ts';
import { type LinkOptions, RedisLink, type ServerAddress } from './link/link.ts';
import { nameOf } from './link/topology.ts';
import { parseRedisUrl } from './link/url.ts';
import { RedisCluster, type RedisClusterOptions, reasonOf } from './process-cluster.ts';

const CONNECT_TIMEOUT_MS = 10_000;

/** @throws Error with one sentence for the operator when the store cannot be used */
export async function createRedisCluster(options: RedisClusterOptions): Promise<Cluster> {
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS } = options;
  const { address, user } = parseRedisUrl(options.url);
  const tls = user.tls ? { ca: readAuthority(options.tlsCaFile) } : undefined;
  const linkOptions: LinkOptions = { ...user, tls };
  const until = performance.now() + connectTimeoutMs;
  const clustered = await isClustered(address, linkOptions, connectTimeoutMs);
  const cluster = new RedisCluster(address, clustered, linkOptions, options);
  try {
    await cluster.start(until - performance.now());
  } catch (cause) {
    const failure = cluster.failure;
    await cluster.close();
    throw failure
      ? cannotStart(failure.name, linkOptions, failure.cause)
      : cannotStart(nameOf(address), linkOptions, cause);
  }
  return cluster;
}

/** Connects once to see what is there. */
async function isClustered(
  address: ServerAddress,
  options: LinkOptions,
  withinMs: number,
): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const link = new RedisLink(address, options, {
    onReady: resolve,
    onFailed: (cause) => {
      if (cause instanceof UnusableServer) reject(cause);
    },
    onLost: () => {},
    onChannelMoved: () => {},
  });
  const late = setTimeout(() => reject(link.lastError), withinMs);
  try {
    await promise;
    return link.facts?.clustered ?? false;
  } catch (cause) {
    throw cannotStart(nameOf(address), options, cause);
  } finally {
    clearTimeout(late);
    await link.close();
  }
}

/** @param name host and port; in a Redis Cluster not only those of REDIS_URL */
function cannotStart(name: string, options: LinkOptions, cause: unknown): Error {
  if (cause instanceof UnusableServer) return new Error(`${cause.message}.`);
  return new Error(`The Redis at ${name} (REDIS_URL) cannot be used: ${reasonOf(cause, options)}.`);
}

function readAuthority(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Error(`The file that REDIS_TLS_CA names cannot be read: ${file}.`, { cause });
  }
}

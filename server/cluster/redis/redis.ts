// The cluster on Redis or Valkey, one server or a Redis Cluster: everything that processes share.
import { readFileSync } from 'node:fs';
import type { Cluster } from '../cluster.ts';
import { MissingRights, UnusableServer } from './link/errors.ts';
import { type LinkOptions, RedisLink, type ServerAddress } from './link/link.ts';
import { probeKey, probeRights } from './link/probe.ts';
import { describeMissing, grantOf } from './link/rights.ts';
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
  const fail = (name: string, cause: unknown) =>
    cannotStart(name, linkOptions, options.keyPrefix, cause);
  const clustered = await isClustered(
    address,
    linkOptions,
    options.keyPrefix,
    connectTimeoutMs,
  ).catch((cause: unknown) => {
    throw fail(nameOf(address), cause);
  });
  const cluster = new RedisCluster(address, clustered, linkOptions, options);
  try {
    await cluster.start(until - performance.now());
  } catch (cause) {
    const failure = cluster.failure;
    await cluster.close();
    throw failure ? fail(failure.name, failure.cause) : fail(nameOf(address), cause);
  }
  return cluster;
}

/** Connects once to see what is there, and whether it may be used. */
async function isClustered(
  address: ServerAddress,
  options: LinkOptions,
  keyPrefix: string,
  withinMs: number,
): Promise<boolean> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const link = new RedisLink(address, options, {
    onReady: () => {
      probeRights(link, probeKey(keyPrefix)).then(resolve, (cause: unknown) => {
        // A connection that ended meanwhile is made again, and tried again.
        if (cause instanceof UnusableServer) reject(cause);
      });
    },
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
  } finally {
    clearTimeout(late);
    await link.close();
  }
}

/** @param name host and port; in a Redis Cluster not only those of REDIS_URL */
function cannotStart(name: string, options: LinkOptions, keyPrefix: string, cause: unknown): Error {
  if (cause instanceof MissingRights) {
    const grantee = { username: options.username, keyPrefix };
    const what = describeMissing(cause.missing, grantee);
    return new Error(
      `The Redis at ${cause.server ?? name} (REDIS_URL) cannot be used: ${what}; grant it there with "${grantOf(cause.missing, grantee)}" (docs/deployment.md has all that Parley needs).`,
    );
  }
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

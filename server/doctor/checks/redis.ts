// Whether the store can be reached, its round trip, its clock, and the TURN servers in it.
import { readFileSync } from 'node:fs';
import { MissingRights, UnusableServer } from '../../cluster/redis/link/errors.ts';
import { RedisLink } from '../../cluster/redis/link/link.ts';
import { probeKey, probeRights } from '../../cluster/redis/link/probe.ts';
import { describeMissing, grantOf } from '../../cluster/redis/link/rights.ts';
import { parseRedisUrl } from '../../cluster/redis/link/url.ts';
import { createRedisCluster } from '../../cluster/redis/redis.ts';
import type { TurnServer } from '../../cluster/turn.ts';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { ClockSample } from '../diagnoses/clock.ts';
import { failed, ok, reasonOf, skipped, type Verdict, warning } from '../finding.ts';

export interface RedisCheck {
  verdict: Verdict;
  clock: ClockSample | undefined;
}

const CONNECT_MS = 4_000;
/** Every join takes a few round trips to the store. */
const SLOW_MS = 100;
/** The second to the last is a round trip on a warm connection. */
const PINGS = 5;

export async function checkRedis(store: Config['store']): Promise<RedisCheck> {
  if (store.url === undefined) {
    const detail = 'REDIS_URL is not set: `npm start` needs none; `web` and `sfu-rtc` do.';
    return { verdict: skipped(detail), clock: undefined };
  }
  let link: RedisLink | undefined;
  try {
    link = await connect(store.url, store.tlsCa);
    await probeRights(link, probeKey(store.keyPrefix));
    const { roundTripMs, offsetMs } = await measure(link);
    const clock = { source: 'Redis', offsetMs, uncertaintyMs: roundTripMs };
    const shown = `Redis answers in ${roundTripMs.toFixed(1)} ms.`;
    const verdict =
      roundTripMs < SLOW_MS
        ? ok(shown)
        : warning('slow', shown, 'Use a Redis in the same data centre: every join waits for it.');
    return { verdict, clock };
  } catch (error) {
    if (error instanceof MissingRights) {
      return { verdict: lacksRights(error, store.url, store.keyPrefix), clock: undefined };
    }
    const verdict = failed(
      'unreachable',
      `The Redis of REDIS_URL cannot be used: ${reasonOf(error)}.`,
      'Start it, or correct REDIS_URL (host, port, user, password; rediss:// for TLS).',
    );
    return { verdict, clock: undefined };
  } finally {
    await link?.close();
  }
}

function lacksRights({ missing }: MissingRights, url: string, keyPrefix: string): Verdict {
  const grantee = { username: parseRedisUrl(url).user.username, keyPrefix };
  return failed(
    'missing_rights',
    `The Redis of REDIS_URL cannot be used: ${describeMissing(missing, grantee)}.`,
    `Grant it there: ${grantOf(missing, grantee)} (docs/deployment.md has all that Parley needs).`,
  );
}

async function connect(url: string, tlsCa: string | undefined): Promise<RedisLink> {
  const { address, user } = parseRedisUrl(url);
  const ca = tlsCa === undefined ? undefined : readFileSync(tlsCa, 'utf8');
  const ready = Promise.withResolvers<void>();
  let last: unknown = new Error('it does not answer');
  const options = { ...user, tls: user.tls ? { ca } : undefined };
  const link = new RedisLink(address, options, {
    onReady: () => ready.resolve(),
    onLost: () => {},
    onChannelMoved: () => {},
    onFailed(cause) {
      last = cause;
      if (cause instanceof UnusableServer) ready.reject(cause);
    },
  });
  const timer = setTimeout(() => ready.reject(last), CONNECT_MS);
  try {
    await ready.promise;
    return link;
  } catch (error) {
    await link.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function measure(link: RedisLink): Promise<{ roundTripMs: number; offsetMs: number }> {
  let roundTripMs = Number.POSITIVE_INFINITY;
  for (let n = 0; n < PINGS; n++) {
    const sentAt = performance.now();
    await link.send(['PING']);
    roundTripMs = Math.min(roundTripMs, performance.now() - sentAt);
  }
  const before = Date.now();
  const [seconds, micros] = (await link.send(['TIME'])) as [string, string];
  const ours = (before + Date.now()) / 2;
  return { roundTripMs, offsetMs: ours - (Number(seconds) * 1_000 + Number(micros) / 1_000) };
}

/** The servers in the store, which all processes share. */
export async function turnServersInStore(
  { store, limits }: Pick<Config, 'store' | 'limits'>,
  log: Logger,
): Promise<readonly TurnServer[]> {
  if (store.url === undefined) return [];
  const cluster = await createRedisCluster({
    ...{ url: store.url, tlsCaFile: store.tlsCa, keyPrefix: store.keyPrefix },
    ...{ chatHistory: limits.chatHistory, patchHistory: limits.patchHistory },
    ...{ sessionLeaseMs: 60_000, nodeLeaseMs: store.nodeLeaseMs },
    ...{ timeoutMs: CONNECT_MS, connectTimeoutMs: CONNECT_MS, log },
    onListenerError: () => {},
  });
  try {
    return (await cluster.turn.read(undefined))?.servers ?? [];
  } finally {
    await cluster.close();
  }
}

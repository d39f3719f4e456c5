// The TURN pool that every process shares: its servers, what each media node sees of them, and the
// recent past. Secrets are in the servers alone; nothing here is ever logged or shown as it is.
import * as v from 'valibot';
import type { TurnSample } from '../../shared/api/admin.ts';
import { ParleyError } from '../../shared/errors.ts';
import { LIMITS } from '../../shared/protocol/limits.ts';

/** Letters, digits and what a host with a port is made of: it stands in addresses and labels. */
export const TurnServerId = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9._:[\]-]{0,127}$/,
    'it has to be 1 to 128 letters, digits and . _ : [ ] -, beginning with a letter or digit',
  ),
);

const Url = v.pipe(
  v.string(),
  v.maxLength(LIMITS.urlLength),
  v.regex(/^turns?:[^\s]+$/, 'it has to be like turn:turn.example.org:3478?transport=udp'),
);
const TTL = 'it has to be a whole number of seconds from 10 to 604800';
/** Parts of credentials, and how long minted ones may last. */
export const TurnSecret = v.pipe(
  v.string(),
  v.minLength(1, 'it is empty'),
  v.maxLength(512, 'it is longer than 512 characters'),
);
export const TurnTtlSeconds = v.pipe(
  v.number(),
  v.integer(TTL),
  v.minValue(10, TTL),
  v.maxValue(604_800, TTL),
);

/** How its credentials are made. `secret`: the TURN REST pattern; `static`: one user for everybody. */
export const TurnAuth = v.variant('kind', [
  v.object({ kind: v.literal('secret'), secret: TurnSecret, ttlSeconds: TurnTtlSeconds }),
  v.object({ kind: v.literal('static'), username: TurnSecret, password: TurnSecret }),
]);
export type TurnAuth = v.InferOutput<typeof TurnAuth>;

const URLS = 'it has to be 1 to 8 addresses';
const WEIGHT = 'it has to be a number from 0.01 to 1000';
const CAPACITY = 'it has to be a whole number from 1';

export const TurnServer = v.object({
  id: TurnServerId,
  /** All addresses of one server: they fail, drain and are counted together. */
  urls: v.pipe(v.array(Url), v.minLength(1, URLS), v.maxLength(8, URLS)),
  region: v.nullable(
    v.pipe(v.string(), v.regex(/^\S{1,64}$/, 'it has to be 1 to 64 characters without spaces')),
  ),
  /** Share of the sessions, compared with the others. */
  weight: v.pipe(v.number(), v.minValue(0.01, WEIGHT), v.maxValue(1_000, WEIGHT)),
  /** Allocations that it takes at most (coturn: `total-quota`); null: not known. */
  capacity: v.nullable(v.pipe(v.number(), v.integer(CAPACITY), v.minValue(1, CAPACITY))),
  /** Its Prometheus endpoint (coturn: `--prometheus`), where its load is read; null: not read. */
  metricsUrl: v.nullable(
    v.pipe(
      v.string(),
      v.maxLength(LIMITS.urlLength),
      v.regex(/^https?:\/\/\S+$/, 'it has to be like http://10.0.0.7:9641/metrics'),
    ),
  ),
  auth: TurnAuth,
  /** `environment`: a running process has it in its configuration. */
  origin: v.picklist(['environment', 'operator']),
  /** It gets no new sessions. `wait`: those it has stay; `move`: they restart ICE onto another. */
  draining: v.nullable(v.picklist(['wait', 'move'])),
});
export type TurnServer = v.InferOutput<typeof TurnServer>;

export interface TurnServers {
  /** Rises with every change. */
  version: number;
  /** Another one when the store has lost its memory; '' while nobody has written anything. */
  birth: string;
  servers: TurnServer[];
}

/** What one media node knows of the servers, in its own words. */
export const TurnReport = v.object({
  nodeId: v.string(),
  region: v.nullable(v.string()),
  urls: v.array(
    v.object({
      serverId: TurnServerId,
      url: v.string(),
      state: v.picklist(['ok', 'failed', 'unknown']),
      /** Why, for an operator. */
      message: v.nullable(v.string()),
      roundTripMs: v.nullable(v.number()),
    }),
  ),
  servers: v.record(
    v.string(),
    v.object({
      /** Media sessions here that hold its credentials, and those of them whose path it relays. */
      sessions: v.number(),
      relayed: v.number(),
      /** Sessions that ended so lately that a crashed browser's allocations may still be there. */
      ended: v.number(),
      /** Refusals that this node and its clients met since it started. */
      refusals: v.number(),
      /** From its own metrics; null where they are not read. */
      allocations: v.nullable(v.number()),
      /** Bits per second in both directions, from the same. */
      bitrate: v.nullable(v.number()),
    }),
  ),
  /** Media sessions by how their packets travel. `unknown`: not told yet. */
  paths: v.object({
    direct: v.number(),
    relay: v.number(),
    none: v.number(),
    unknown: v.number(),
  }),
});
export type TurnReport = v.InferOutput<typeof TurnReport>;

/**
 * The pool. Every method is one atomic operation, and throws ParleyError `unavailable` when the store
 * cannot be reached in time.
 */
export interface TurnStore {
  /**
   * @param known what the caller has read before
   * @returns undefined when nothing has changed since
   */
  read(known: Pick<TurnServers, 'version' | 'birth'> | undefined): Promise<TurnServers | undefined>;
  /**
   * Adds a server, or replaces the one with its id: a new secret does not end a drain.
   * @throws ParleyError `no_capacity` when there are `maxServers` already
   */
  put(server: TurnServer, maxServers: number): Promise<void>;
  /**
   * Says that these are in the configuration of a running process, again and again: those that nobody
   * has said for {@link SEED_TTL_MS} are dropped. That one is draining is kept, and a server that an
   * operator put under the same id is left alone.
   * @param replace what is there already; at the start of a process, whose configuration is newer
   */
  seed(servers: readonly TurnServer[], options: { replace: boolean }): Promise<void>;
  /** @returns false when there is no such server */
  setDraining(id: string, draining: TurnServer['draining']): Promise<boolean>;
  /** @returns false when there is no such server */
  remove(id: string): Promise<boolean>;
  /** Puts back what a store that lost its memory should know; does nothing if it has lost none. */
  restore(known: TurnServers): Promise<void>;
  /** Replaces what this node said before; forgotten after `ttlMs`. */
  report(report: TurnReport, ttlMs: number): Promise<void>;
  reports(): Promise<TurnReport[]>;
  /** Keeps a sample of the present, unless somebody did within the last `everyMs`. */
  sample(sample: TurnSample, everyMs: number): Promise<void>;
  /** Oldest first; at most {@link SAMPLES_KEPT}. */
  samples(): Promise<TurnSample[]>;
}

/** Longer than a release takes to replace its replicas; shorter than anybody would wait for it. */
export const SEED_TTL_MS = 600_000;
/** An hour at one every ten seconds. */
export const SAMPLES_KEPT = 360;

/** What somebody who adds a server too many is told. */
export function poolFull(): ParleyError {
  return new ParleyError('no_capacity', {
    message:
      'The TURN pool is full. Remove a server that is not needed, or raise MAX_TURN_SERVERS.',
  });
}

// The TURN pool that every process shares: its servers, what each media node sees of them, and the
// recent past. Secrets are in the servers alone; nothing here is ever logged or shown as it is.
import * as v from 'valibot';
import type { TurnSample } from '../../shared/api/admin.ts';
import { TURN_SERVER_FIELDS as FIELDS } from '../../shared/api/turn-server.ts';
import { ParleyError } from '../../shared/errors.ts';

export const TurnServerId = FIELDS.id;

/** How its credentials are made. `secret`: the TURN REST pattern; `static`: one user for all participants. */
export const TurnAuth = v.variant('kind', [
  v.object({ kind: v.literal('secret'), secret: FIELDS.secret, ttlSeconds: FIELDS.ttlSeconds }),
  v.object({ kind: v.literal('static'), username: FIELDS.username, password: FIELDS.password }),
]);
export type TurnAuth = v.InferOutput<typeof TurnAuth>;

export const TurnServer = v.object({
  id: TurnServerId,
  /** All addresses of one server: they fail, drain and are counted together. */
  urls: FIELDS.urls,
  region: v.nullable(FIELDS.region),
  weight: FIELDS.weight,
  /** Null: not known. */
  capacity: v.nullable(FIELDS.capacity),
  /** Null: its load is not read. */
  metricsUrl: v.nullable(FIELDS.metricsUrl),
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
  /** Another one when the store has lost its memory; '' before anything was written. */
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
  /** Media sessions by how their packets travel. `unknown`: not reported yet. */
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
   * Repeats which servers the configuration of a running process names: those that no process
   * named for {@link SEED_TTL_MS} are dropped. That one is draining is kept, and a server that an
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
  /** Replaces the node's report of before; forgotten after `ttlMs`. */
  report(report: TurnReport, ttlMs: number): Promise<void>;
  reports(): Promise<TurnReport[]>;
  /** Keeps a sample of the present, unless one was kept within the last `everyMs`. */
  sample(sample: TurnSample, everyMs: number): Promise<void>;
  /** Oldest first; at most {@link SAMPLES_KEPT}. */
  samples(): Promise<TurnSample[]>;
}

/** Longer than a release takes to replace its replicas; shorter than an operator would wait for it. */
export const SEED_TTL_MS = 600_000;
/** An hour at one every ten seconds. */
export const SAMPLES_KEPT = 360;

/** The refusal of one server too many. */
export function poolFull(): ParleyError {
  return new ParleyError('no_capacity', {
    message:
      'The TURN pool is full. Remove a server that is not needed, or raise MAX_TURN_SERVERS.',
  });
}

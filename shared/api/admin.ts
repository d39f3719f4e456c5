// The answers of the admin API, for pages and commands of operators. Never a secret.
import * as v from 'valibot';

const Paths = v.object({
  direct: v.number(),
  relay: v.number(),
  /** No path is up: these participants see black. */
  none: v.number(),
  /** Not reported yet. */
  unknown: v.number(),
});

/** The relays at one moment: a point of each curve. */
export const TurnSample = v.object({
  /** UTC milliseconds. */
  at: v.number(),
  /** Media sessions of all nodes, by how their packets travel. */
  paths: Paths,
  servers: v.record(
    v.string(),
    v.object({
      /** Sessions that hold its credentials. */
      sessions: v.number(),
      relayed: v.number(),
      /** As it counts them itself; null where its metrics are not read. */
      allocations: v.nullable(v.number()),
      /** The most bandwidth that those sessions can use. */
      explained: v.number(),
      /** Bits per second, both directions; null as above. */
      bitrate: v.nullable(v.number()),
    }),
  ),
});
export type TurnSample = v.InferOutput<typeof TurnSample>;

/** The answer to adding a server. */
export const TurnServerAdded = v.object({
  id: v.string(),
  /** A server with that id was there; this one replaced it. */
  replaced: v.boolean(),
  /** The server replaced a drained one and is drained too: no session gets it until it is resumed. */
  draining: v.nullable(v.picklist(['wait', 'move'])),
});
export type TurnServerAdded = v.InferOutput<typeof TurnServerAdded>;

/** The answer to draining a server, or resuming it. */
export const TurnServerDraining = v.object({
  id: v.string(),
  draining: v.nullable(v.picklist(['wait', 'move'])),
});
export type TurnServerDraining = v.InferOutput<typeof TurnServerDraining>;

export const TurnServerView = v.object({
  id: v.string(),
  region: v.nullable(v.string()),
  weight: v.number(),
  capacity: v.nullable(v.number()),
  auth: v.picklist(['secret', 'static']),
  origin: v.picklist(['environment', 'operator']),
  /**
   * `draining`, whatever its health; `failed`: no media node reaches it by any address; `unknown`: not
   * probed yet.
   */
  state: v.picklist(['in-service', 'draining', 'failed', 'unknown']),
  draining: v.nullable(v.picklist(['wait', 'move'])),
  urls: v.array(
    v.object({
      url: v.string(),
      state: v.picklist(['ok', 'failed', 'unknown']),
      /** Media nodes that reach it, and that do not. */
      reachedBy: v.number(),
      missedBy: v.number(),
      /** The error of one of those nodes. */
      message: v.nullable(v.string()),
      /** The best of the nodes' figures. */
      roundTripMs: v.nullable(v.number()),
    }),
  ),
  sessions: v.number(),
  relayed: v.number(),
  allocations: v.nullable(v.number()),
  explained: v.number(),
  bitrate: v.nullable(v.number()),
  refusals: v.number(),
});
export type TurnServerView = v.InferOutput<typeof TurnServerView>;

/** Whether another server can take calls. If not, the operator who drains or removes this one is warned. */
export function othersTakeCalls(servers: readonly TurnServerView[], id: string): boolean {
  return servers.some(
    (other) => other.id !== id && (other.state === 'in-service' || other.state === 'unknown'),
  );
}

/** `GET /api/turn` */
export const TurnOverview = v.object({
  servers: v.array(TurnServerView),
  paths: Paths,
  /** Problems for the operator, in sentences. */
  warnings: v.array(v.object({ serverId: v.nullable(v.string()), message: v.string() })),
  /** The last hour, oldest first. */
  history: v.array(TurnSample),
});
export type TurnOverview = v.InferOutput<typeof TurnOverview>;

/** A media node, as far as the operator's page shows it. */
export const NodeView = v.object({
  id: v.string(),
  hostname: v.nullable(v.string()),
  /** The addresses that it announces to browsers. */
  addresses: v.array(v.string()),
  /** UDP and TCP port of each worker. */
  ports: v.array(v.number()),
  region: v.nullable(v.string()),
  sessions: v.number(),
  maxSessions: v.number(),
  rooms: v.number(),
  maxRooms: v.number(),
  workers: v.number(),
  draining: v.boolean(),
  /** Other nodes that it reaches by UDP. */
  reaches: v.array(v.string()),
});
export type NodeView = v.InferOutput<typeof NodeView>;

/** `GET /api/nodes` */
export const NodeOverview = v.object({ nodes: v.array(NodeView) });
export type NodeOverview = v.InferOutput<typeof NodeOverview>;

/** The body of a refusal. */
export const Refusal = v.object({ error: v.object({ code: v.string(), message: v.string() }) });

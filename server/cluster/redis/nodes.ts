// The registry of media nodes: leases by the server's clock, renewed by heartbeats.
import * as v from 'valibot';
import { type NodeAnnouncement, NodeInfo, type NodeRegistry } from '../cluster.ts';
import { Announcement } from './announcement.ts';
import { commandChannel } from './bus.ts';
import type { RedisConnection } from './link/connection.ts';
import { script } from './link/script.ts';
import type { Topology } from './link/topology.ts';

/** Nobody lists nodes any more after so many leases; what they left goes by itself. */
const BACKSTOP_LEASES = 100;

const NOW = `
local LEASES, INFOS, TERMS = unpack(KEYS)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local function int(number) return string.format('%.0f', number) end
`;

/**
 * @returns the term of the lease: another one whenever the node was not there, or its lease had run
 *   out. It is kept, so that a lapse shows even when the first answer after it is lost.
 */
const BEAT = script(
  NOW,
  `
local ID, LEASE, INFO, BACKSTOP = unpack(ARGV)
local lease_end = redis.call('ZSCORE', LEASES, ID)
redis.call('ZADD', LEASES, int(now + LEASE), ID)
redis.call('HSET', INFOS, ID, INFO)
redis.call('PEXPIRE', LEASES, BACKSTOP)
redis.call('PEXPIRE', INFOS, BACKSTOP)
local term = redis.call('HGET', TERMS, ID)
if not lease_end or tonumber(lease_end) <= now or not term then
  term = clock[1] .. '.' .. clock[2]
  redis.call('HSET', TERMS, ID, term)
end
redis.call('PEXPIRE', TERMS, BACKSTOP)
return term
`,
);

const REMOVE = script(
  NOW,
  `
redis.call('HDEL', INFOS, ARGV[1])
redis.call('HDEL', TERMS, ARGV[1])
return redis.call('ZREM', LEASES, ARGV[1])
`,
);

const LIST = script(
  NOW,
  `
for _, id in ipairs(redis.call('ZRANGEBYSCORE', LEASES, '-inf', int(now))) do
  redis.call('ZREM', LEASES, id)
  redis.call('HDEL', INFOS, id)
  redis.call('HDEL', TERMS, id)
end
return redis.call('HVALS', INFOS)
`,
);

export interface RedisNodesOptions {
  connection: RedisConnection;
  topology: Topology;
  keyPrefix: string;
  nodeLeaseMs: number;
  onUnreadable(error: unknown): void;
  /** Called for each heartbeat that was not acknowledged. */
  onMissedBeat(error: unknown): void;
}

export class RedisNodes implements NodeRegistry {
  readonly #options: RedisNodesOptions;
  readonly #keys: readonly string[];
  readonly #announced = new Set<Announcement>();

  constructor(options: RedisNodesOptions) {
    this.#options = options;
    // One tag for all: they are listed together, and few.
    const tag = `${options.keyPrefix}:{nodes}`;
    this.#keys = ['leases', 'infos', 'terms'].map((key) => `${tag}:${key}`);
  }

  async announce(info: NodeInfo, onRegained: () => void): Promise<NodeAnnouncement> {
    const { connection, nodeLeaseMs, onMissedBeat } = this.#options;
    const backstopMs = nodeLeaseMs * BACKSTOP_LEASES;
    const keys = this.#keys;
    const announcement: Announcement = new Announcement({
      info,
      leaseMs: nodeLeaseMs,
      async beat(text) {
        const args = [info.id, String(nodeLeaseMs), text, String(backstopMs)];
        const term = await connection.script(BEAT, keys, args, { repeatable: true });
        return v.parse(v.string(), term);
      },
      remove: () => connection.script(REMOVE, keys, [info.id], { repeatable: true }),
      onRegained,
      onMissedBeat,
      onClosed: () => this.#announced.delete(announcement),
    });
    await announcement.start();
    this.#announced.add(announcement);
    return announcement;
  }

  async list(): Promise<NodeInfo[]> {
    const { connection, keyPrefix, onUnreadable } = this.#options;
    const texts = v.parse(v.array(v.string()), await connection.script(LIST, this.#keys, []));
    const nodes = texts.flatMap((text) => {
      try {
        return [v.parse(NodeInfo, JSON.parse(text))];
      } catch (error) {
        onUnreadable(error);
        return [];
      }
    });
    const channels = nodes.map(({ id }) => commandChannel(keyPrefix, id));
    const heard = await this.#withSubscriber(channels);
    return nodes.filter(({ id }) => heard.has(commandChannel(keyPrefix, id)));
  }

  /** Ends the heartbeats; the registrations end with their leases. */
  close(): void {
    for (const announcement of this.#announced) announcement.stop();
  }

  /** A killed process is gone from here at once, long before its lease ends. */
  async #withSubscriber(channels: readonly string[]): Promise<Set<string>> {
    const { connection, topology } = this.#options;
    // Each server of a Redis Cluster knows the subscribers of its own slots alone.
    const groups = Map.groupBy(channels, (channel) => topology.ownerOf(channel));
    const answers = await Promise.all(
      [...groups.values()].map(async (group) => {
        const [first = ''] = group;
        const args = ['PUBSUB', 'SHARDNUMSUB', ...group];
        return connection.command(first, args, { repeatable: true });
      }),
    );
    return new Set(answers.flatMap(subscribedOf));
  }
}

/** Names and numbers of subscribers take turns. */
function subscribedOf(reply: unknown): string[] {
  const flat = v.parse(v.array(v.union([v.string(), v.number()])), reply);
  return flat.flatMap((name, n) => (n % 2 === 0 && Number(flat[n + 1]) > 0 ? [String(name)] : []));
}

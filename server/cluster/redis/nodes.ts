// The registry of media nodes: leases by the server's clock, renewed by heartbeats.
import * as v from 'valibot';
import { type NodeAnnouncement, NodeInfo, type NodeRegistry } from '../cluster.ts';
import { Announcement } from './announcement.ts';
import { commandChannel } from './bus.ts';
import type { RedisConnection } from './link/connection.ts';
import type { Topology } from './link/topology.ts';
import { NODES } from './scripts.ts';

/** Without a node, or a replica that lists nodes, for so many leases, the keys go by themselves. */
const BACKSTOP_LEASES = 100;

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
  readonly #announced = new Set<Announcement>();

  constructor(options: RedisNodesOptions) {
    this.#options = options;
  }

  async announce(info: NodeInfo, onRegained: () => void): Promise<NodeAnnouncement> {
    const { connection, nodeLeaseMs, onMissedBeat } = this.#options;
    const backstopMs = nodeLeaseMs * BACKSTOP_LEASES;
    const keyOf = this.#keyOf;
    const announcement: Announcement = new Announcement({
      info,
      leaseMs: nodeLeaseMs,
      async beat(text) {
        const values = { id: info.id, leaseMs: nodeLeaseMs, info: text, backstopMs };
        const term = await connection.script(NODES.beat, keyOf, values, { repeatable: true });
        return v.parse(v.string(), term);
      },
      remove: () => connection.script(NODES.remove, keyOf, { id: info.id }, { repeatable: true }),
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
    const answer = await connection.script(NODES.list, this.#keyOf, {});
    const texts = v.parse(v.array(v.string()), answer);
    const nodes = texts.flatMap((text) => {
      try {
        return [v.parse(NodeInfo, JSON.parse(text))];
      } catch (error) {
        onUnreadable(error);
        return [];
      }
    });
    const channels = nodes.map(({ id }) => commandChannel(keyPrefix, id));
    const served = await this.#withSubscriber(channels);
    return nodes.filter(({ id }) => served.has(commandChannel(keyPrefix, id)));
  }

  /** Ends the heartbeats; the registrations end with their leases. */
  close(): void {
    for (const announcement of this.#announced) announcement.stop();
  }

  /** One tag for all: they are listed together, and few. */
  readonly #keyOf = (name: string) => `${this.#options.keyPrefix}:{nodes}:${name}`;

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

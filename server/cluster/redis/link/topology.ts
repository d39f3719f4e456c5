// Which server holds which key: the one there is, or the master of its slot in a Redis Cluster.
import {
  type LinkEvents,
  type LinkOptions,
  RedisLink,
  type ServerAddress,
  Silence,
} from './link.ts';
import { parseSlots, slotOf } from './slots.ts';

/** A server with both of our connections: what waits in one cannot hold up the other. */
export interface StoreNode {
  readonly name: string;
  readonly commands: RedisLink;
  readonly messages: RedisLink;
}

export interface TopologyEvents {
  /** Something became usable or unusable, or moved. */
  onChange(): void;
  onMessagesReady(node: StoreNode): void;
  onMessagesLost(node: StoreNode): void;
  onLinkLost(node: StoreNode, cause: unknown): void;
}

/** How often the slots are looked up when all is well: what moved silently is found by then. */
const REFRESH_MS = 5_000;
/** And while something is wrong: a failover takes a second or two. */
const TROUBLED_REFRESH_MS = 300;
const LOOKUP_MS = 2_000;

export class Topology {
  readonly clustered: boolean;
  readonly #root: ServerAddress;
  readonly #options: LinkOptions;
  readonly #events: TopologyEvents;
  readonly #nodes = new Map<string, StoreNode>();
  #slots: (StoreNode | undefined)[] = [];
  /** All slots of the cluster are served. */
  #covered = false;
  #refreshing: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    root: ServerAddress,
    clustered: boolean,
    options: LinkOptions,
    events: TopologyEvents,
  ) {
    this.clustered = clustered;
    this.#root = root;
    this.#options = options;
    this.#events = events;
    if (clustered) void this.refresh();
    else this.#node(root);
  }

  get nodes(): readonly StoreNode[] {
    return [...this.#nodes.values()];
  }

  /** Every connection is there, and every key has a server. */
  get healthy(): boolean {
    if (this.clustered && !this.#covered) return false;
    return this.nodes.every(({ commands, messages }) => commands.ready && messages.ready);
  }

  /** @returns undefined while that is not known */
  ownerOf(key: string): StoreNode | undefined {
    if (!this.clustered) return this.#nodes.values().next().value;
    return this.#slots[slotOf(key)];
  }

  nodeAt(address: ServerAddress): StoreNode | undefined {
    return this.#nodes.get(nameOf(address));
  }

  /** Looks the slots up; several calls at once share one. Never rejects. */
  refresh(): Promise<void> {
    if (!this.clustered || this.#closed) return Promise.resolve();
    this.#refreshing ??= this.#refresh()
      .catch(() => {})
      .finally(() => {
        this.#refreshing = undefined;
        this.#schedule();
        this.#events.onChange();
      });
    return this.#refreshing;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const nodes = this.nodes;
    this.#nodes.clear();
    this.#slots = [];
    await Promise.all(
      nodes.flatMap(({ commands, messages }) => [commands.close(), messages.close()]),
    );
    await this.#refreshing;
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    const pause = this.healthy ? REFRESH_MS : TROUBLED_REFRESH_MS;
    this.#timer = setTimeout(() => this.refresh(), pause * (0.5 + Math.random()));
  }

  async #refresh(): Promise<void> {
    const answer = await this.#ask();
    if (this.#closed) return;
    const { covered, ranges } = answer;
    this.#covered = covered;
    // A server that sees no cluster knows nothing better than we do.
    if (!covered && this.#slots.length > 0) return;
    const slots: (StoreNode | undefined)[] = [];
    const used = new Set<string>();
    for (const { from, to, master } of ranges) {
      const node = this.#node(master);
      used.add(node.name);
      for (let slot = from; slot <= to; slot++) slots[slot] = node;
    }
    this.#slots = slots;
    for (const [name, node] of this.#nodes) {
      if (used.has(name)) continue;
      this.#nodes.delete(name);
      this.#events.onMessagesLost(node);
      void node.commands.close();
      void node.messages.close();
    }
  }

  /** Asks those we know, then the one of REDIS_URL; one that sees the whole cluster is believed. */
  async #ask() {
    let last: Awaited<ReturnType<typeof lookUp>> | undefined;
    for (const { commands } of this.nodes) {
      if (!commands.ready) continue;
      const answer = await lookUp(commands).catch(() => undefined);
      if (answer?.covered) return answer;
      last = answer ?? last;
    }
    if (last) return last;
    const ready = Promise.withResolvers<void>();
    const root = new RedisLink(this.#root, this.#options, {
      onReady: () => ready.resolve(),
      onLost: () => {},
      onChannelMoved: () => {},
    });
    const late = setTimeout(() => ready.reject(new Error('no answer')), LOOKUP_MS);
    try {
      await ready.promise;
      return await lookUp(root);
    } finally {
      clearTimeout(late);
      await root.close();
    }
  }

  #node(address: ServerAddress): StoreNode {
    const name = nameOf(address);
    const known = this.#nodes.get(name);
    if (known) return known;
    const lost = (cause: unknown, other: RedisLink) => {
      if (this.#nodes.get(name) !== node) return;
      // A server that is silent on one link is silent on both: no more commands are sent to it.
      if (cause instanceof Silence) other.reset('the other connection is silent');
      this.#events.onLinkLost(node, cause);
      void this.refresh();
      this.#events.onChange();
    };
    const commands: LinkEvents = {
      onReady: () => this.#events.onChange(),
      onLost: (cause) => lost(cause, node.messages),
      onChannelMoved: () => {},
    };
    const messages: LinkEvents = {
      onReady: () => {
        this.#events.onMessagesReady(node);
        this.#events.onChange();
      },
      onLost: (cause) => {
        this.#events.onMessagesLost(node);
        lost(cause, node.commands);
      },
      // The slots show where it went; connecting anew puts everything else back in order.
      onChannelMoved: () => {
        void this.refresh().then(() => node.messages.reset('a channel moved'));
      },
    };
    const node: StoreNode = {
      name,
      commands: new RedisLink(address, this.#options, commands),
      messages: new RedisLink(address, this.#options, messages),
    };
    this.#nodes.set(name, node);
    return node;
  }
}

export function nameOf({ host, port }: ServerAddress): string {
  return `${host}:${port}`;
}

async function lookUp(link: RedisLink) {
  const signal = AbortSignal.timeout(LOOKUP_MS);
  const gone = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  const ask = (args: string[]) => Promise.race([link.send(args, signal), gone]);
  const [info, slots] = await Promise.all([ask(['CLUSTER', 'INFO']), ask(['CLUSTER', 'SLOTS'])]);
  return {
    covered: /cluster_state:ok/.test(String(info)),
    ranges: parseSlots(slots, link.address.host),
  };
}

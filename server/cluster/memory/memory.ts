// The cluster of one process: what Redis will be to many, in plain maps.
import { ParleyError } from '../../../shared/errors.ts';
import type {
  Bus,
  Closer,
  Cluster,
  CommandHandler,
  NodeAnnouncement,
  NodeInfo,
  NodeRegistry,
} from '../cluster.ts';
import { JOB_LIMITS, type JobLimits } from '../jobs.ts';
import { MemoryJobs } from './jobs.ts';
import { MemoryRooms, type RoomStoreOptions } from './rooms.ts';
import { MemorySecrets } from './secrets.ts';
import { MemoryTurn } from './turn.ts';

/**
 * Messages are copied through JSON and delivered later, never in the sender's own call: code that
 * works here cannot depend on sharing objects or on being called back at once.
 */
export class MemoryBus implements Bus {
  readonly #handlers = new Map<string, CommandHandler>();
  readonly #topics = new Map<string, Set<(message: unknown) => void>>();
  readonly #onListenerError: (error: unknown) => void;

  constructor(onListenerError: (error: unknown) => void) {
    this.#onListenerError = onListenerError;
  }

  async request(
    nodeId: string,
    command: string,
    params: unknown,
    { timeoutMs }: { timeoutMs: number },
  ): Promise<unknown> {
    const handler = this.#handlers.get(nodeId);
    if (!handler) throw new ParleyError('no_capacity');
    let timer: NodeJS.Timeout | undefined;
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new ParleyError('timeout')), timeoutMs);
    });
    try {
      const received = copy(params);
      // Not in the caller's own turn, as nothing that crosses a network is.
      await null;
      return copy(await Promise.race([handler(command, received), expired]));
    } finally {
      clearTimeout(timer);
    }
  }

  async serve(nodeId: string, handler: CommandHandler): Promise<Closer> {
    this.#handlers.set(nodeId, handler);
    return {
      close: async () => {
        if (this.#handlers.get(nodeId) === handler) this.#handlers.delete(nodeId);
      },
    };
  }

  serves(nodeId: string): boolean {
    return this.#handlers.has(nodeId);
  }

  async publish(topic: string, message: unknown): Promise<void> {
    this.deliver(topic, message);
  }

  /** Like publish, for callers that must not wait. */
  deliver(topic: string, message: unknown): void {
    const listeners = this.#topics.get(topic);
    if (!listeners) return;
    const text = JSON.stringify(message);
    queueMicrotask(() => {
      for (const listener of [...listeners]) {
        try {
          listener(JSON.parse(text));
        } catch (error) {
          this.#onListenerError(error);
        }
      }
    });
  }

  async subscribe(topic: string, listener: (message: unknown) => void): Promise<Closer> {
    // A wrapper of its own: the same function may subscribe twice and leave once.
    const own = (message: unknown) => listener(message);
    const listeners = this.#topics.get(topic) ?? new Set();
    this.#topics.set(topic, listeners);
    listeners.add(own);
    return {
      close: async () => {
        listeners.delete(own);
        if (listeners.size === 0 && this.#topics.get(topic) === listeners) {
          this.#topics.delete(topic);
        }
      },
    };
  }

  clear(): void {
    this.#handlers.clear();
    this.#topics.clear();
  }
}

class MemoryNodes implements NodeRegistry {
  readonly #nodes = new Map<string, NodeInfo>();
  readonly #isServed: (nodeId: string) => boolean;

  constructor(isServed: (nodeId: string) => boolean) {
    this.#isServed = isServed;
  }

  async announce(info: NodeInfo): Promise<NodeAnnouncement> {
    const nodes = this.#nodes;
    nodes.set(info.id, structuredClone(info));
    return {
      get held() {
        return nodes.has(info.id);
      },
      update: async (next) => {
        if (this.#nodes.has(info.id)) this.#nodes.set(info.id, structuredClone(next));
      },
      close: async () => {
        this.#nodes.delete(info.id);
      },
    };
  }

  async list(): Promise<NodeInfo[]> {
    return structuredClone([...this.#nodes.values()].filter(({ id }) => this.#isServed(id)));
  }
}

export interface MemoryClusterOptions extends RoomStoreOptions {
  /** {@link JOB_LIMITS} without it. */
  jobs?: JobLimits;
  /** A listener threw; the others still got the message. */
  onListenerError(error: unknown): void;
}

export function createMemoryCluster(options: MemoryClusterOptions): Cluster {
  const bus = new MemoryBus(options.onListenerError);
  const topic = (room: string) => `patches:${room}`;
  const rooms = new MemoryRooms(options, {
    notify: (room, patch) => bus.deliver(topic(room), patch),
    listen: (room, listener) =>
      bus.subscribe(topic(room), (message) => listener(message as Parameters<typeof listener>[0])),
  });
  return {
    rooms,
    nodes: new MemoryNodes((id) => bus.serves(id)),
    bus,
    turn: new MemoryTurn(),
    secrets: new MemorySecrets(),
    jobs: new MemoryJobs(options.jobs ?? JOB_LIMITS),
    // What is in this process's own memory is never out of reach.
    connected: true,
    onReconnected: () => ({ close: async () => {} }),
    close: async () => bus.clear(),
  };
}

function copy(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

// The cluster as one process sees it, which a test makes fail: any call of its store, registry or bus is
// refused, late, or done with its answer lost, or the process stands still right after it.
import type { Cluster } from '../../../../server/cluster/cluster.ts';
import { ParleyError } from '../../../../shared/errors.ts';

export type Fault = 'refused' | 'delayed' | 'answer lost' | 'stands still';
export const FAULTS: readonly Fault[] = ['refused', 'delayed', 'answer lost', 'stands still'];

/** One call among those that a process makes: its name, and how often it was made before. */
export interface CallKey {
  readonly name: string;
  readonly nth: number;
}

export interface FaultyClusterOptions {
  /** How long a delayed call takes: longer than whatever happens beside it. */
  delayMs?: number;
  /** How long a process stands still: longer than leases and the limits of commands. */
  stillMs?: number;
}

/** It never rejects: what cannot be said at once is said with the next heartbeat. */
const LATER = 'nodes.announce.update';

type Part = 'rooms' | 'nodes' | 'bus' | 'turn' | 'secrets';
const PARTS: ReadonlySet<string> = new Set<Part>(['rooms', 'nodes', 'bus', 'turn', 'secrets']);

type Call = (...args: unknown[]) => Promise<unknown>;
type Listener = (...args: unknown[]) => unknown;

export class FaultyCluster {
  readonly cluster: Cluster;
  /** Names of the calls that were made since `arm` or `record`, in order. */
  readonly calls: string[] = [];
  /** Calls that are refused for as long as their names are in here. */
  readonly refusing = new Set<string>();
  /** Whether the armed call was made. */
  hit = false;
  readonly #delayMs: number;
  readonly #stillMs: number;
  readonly #holding = new Map<string, { until: Promise<void>; reached: () => void }>();
  #armed: (CallKey & { fault: Fault }) | undefined;
  /** Resolves when the process goes on; undefined while it runs. */
  #still: Promise<void> | undefined;

  constructor(inner: Cluster, { delayMs = 300, stillMs = 3_000 }: FaultyClusterOptions = {}) {
    this.#delayMs = delayMs;
    this.#stillMs = stillMs;
    const parts = new Map<string, unknown>();
    for (const part of PARTS) parts.set(part, this.#part(part, Reflect.get(inner, part)));
    this.cluster = new Proxy(inner, {
      get: (target, name) => {
        if (typeof name === 'string' && parts.has(name)) return parts.get(name);
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }

  /** Forgets what was called; nothing fails from now on. */
  record(): void {
    this.calls.length = 0;
    this.#armed = undefined;
  }

  /** This call, counted from now on, fails in this way, once. */
  arm(key: CallKey, fault: Fault): void {
    this.calls.length = 0;
    this.hit = false;
    this.#armed = { ...key, fault };
  }

  /** Resolves when a process that stands still goes on. */
  get moving(): Promise<void> {
    return this.#still ?? Promise.resolve();
  }

  /**
   * The next call of this name is done, and its answer, or its refusal, held back.
   * @returns when it has been done, and what lets the answer go
   */
  hold(name: string): { done: Promise<void>; release: () => void } {
    const done = Promise.withResolvers<void>();
    const until = Promise.withResolvers<void>();
    this.#holding.set(name, { until: until.promise, reached: done.resolve });
    return { done: done.promise, release: until.resolve };
  }

  #part(part: string, inner: object): unknown {
    return new Proxy(inner, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function' || typeof name !== 'string') return value;
        const call = value.bind(target) as Call;
        return (...args: unknown[]) => {
          const named = nameOf(part, name, args);
          const heard = args.map((arg) => (isListener(arg) ? this.#listener(arg) : arg));
          return this.#run(named, async () => this.#opened(named, await call(...heard)));
        };
      },
    });
  }

  /** What is heard while the process stands still is heard afterwards, in order. */
  #listener(listener: Listener): Listener {
    return (...args) => {
      if (!this.#still) return listener(...args);
      return this.#still.then(() => listener(...args));
    };
  }

  /** Subscriptions and announcements: what is asked of them is a call too. */
  #opened(name: string, answer: unknown): unknown {
    if (typeof answer !== 'object' || answer === null || !('close' in answer)) return answer;
    return new Proxy(answer, {
      get: (target, method) => {
        const value: unknown = Reflect.get(target, method);
        if (typeof value !== 'function' || typeof method !== 'string') return value;
        const call = value.bind(target) as Call;
        return (...args: unknown[]) => this.#run(`${name}.${method}`, () => call(...args));
      },
    });
  }

  async #run(name: string, call: () => Promise<unknown>): Promise<unknown> {
    const fault = this.#faultOf(name);
    this.calls.push(name);
    const holding = this.#holding.get(name);
    this.#holding.delete(name);
    if (fault && name === LATER) return this.#later(call);
    if (fault === 'refused' || this.refusing.has(name)) throw new ParleyError('unavailable');
    // A process that stands still asks for nothing.
    if (this.#still) await this.#still;
    if (fault === 'delayed') await new Promise((resolve) => setTimeout(resolve, this.#delayMs));
    const calling = call();
    if (holding) {
      await calling.catch(() => {});
      holding.reached();
      await holding.until;
    }
    if (fault === 'stands still') this.#standStill();
    if (this.#still) {
      await calling.catch(() => {});
      await this.#still;
    }
    const answer = await calling;
    if (fault !== 'answer lost') return answer;
    // A subscription that nobody knows of is heard for a while, as the messages on their way are.
    if (typeof answer === 'object' && answer !== null && 'close' in answer) {
      setTimeout(() => (answer.close as Call)().catch(() => {}), this.#delayMs);
    }
    throw new ParleyError(name.startsWith('bus.request') ? 'timeout' : 'unavailable');
  }

  #later(call: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      setTimeout(() => call().then(resolve, reject), this.#delayMs);
    });
  }

  #faultOf(name: string): Fault | undefined {
    const armed = this.#armed;
    if (!armed || armed.name !== name) return undefined;
    const before = this.calls.filter((made) => made === name).length;
    if (before !== armed.nth) return undefined;
    this.#armed = undefined;
    this.hit = true;
    return armed.fault;
  }

  #standStill(): void {
    this.#still = new Promise((resolve) => {
      setTimeout(() => {
        this.#still = undefined;
        resolve();
      }, this.#stillMs);
    });
  }
}

function isListener(value: unknown): value is Listener {
  return typeof value === 'function';
}

/** A command of the bus, or a kind of topic, is a call of its own. */
function nameOf(part: string, method: string, args: readonly unknown[]): string {
  if (part !== 'bus') return `${part}.${method}`;
  const what = method === 'request' ? args[1] : method === 'serve' ? '' : args[0];
  return `bus.${method} ${String(what).split(':')[0]}`.trim();
}

// Counts the serial trips to the store: calls that are made together travel together, the next ones after them.
import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster } from '../../../server/cluster/cluster.ts';

/** Calls that nothing delays follow each other within this time. */
const TOGETHER_MS = 40;

type Call = (...args: unknown[]) => Promise<unknown>;

export class RoundTrips {
  /** The calls of each trip, while counting. */
  readonly trips: string[][] = [];
  #counting = false;
  #held: (() => void)[] = [];
  #names: string[] = [];

  /** Counts the calls of this cluster. */
  wrap(cluster: Cluster): Cluster {
    const parts = new Set<PropertyKey>(['rooms', 'nodes', 'bus', 'turn', 'secrets']);
    return new Proxy(cluster, {
      get: (target, part) => {
        const value: unknown = Reflect.get(target, part);
        if (!parts.has(part)) return typeof value === 'function' ? value.bind(target) : value;
        return this.#part(String(part), value as object);
      },
    });
  }

  async count<T>(action: () => Promise<T>): Promise<T> {
    this.trips.length = 0;
    this.#counting = true;
    const done = { value: false };
    const running = action().finally(() => {
      done.value = true;
    });
    while (!done.value) {
      const before = this.#held.length;
      await wait(TOGETHER_MS);
      if (this.#held.length === 0 || this.#held.length > before) continue;
      this.trips.push(this.#names.splice(0));
      for (const go of this.#held.splice(0)) go();
    }
    this.#counting = false;
    for (const go of this.#held.splice(0)) go();
    return running;
  }

  #part(part: string, inner: object): unknown {
    return new Proxy(inner, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        const call = value.bind(target) as Call;
        return async (...args: unknown[]) => {
          if (this.#counting) {
            this.#names.push(`${part}.${String(name)}`);
            await new Promise<void>((go) => this.#held.push(go));
          }
          return call(...args);
        };
      },
    });
  }
}

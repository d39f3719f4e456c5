// A typed event emitter whose listeners are isolated: the error of one never reaches another.

type EventMap = Record<never, readonly unknown[]>;
type Listeners<E extends EventMap> = { [K in keyof E]?: Set<(...args: Args<E, K>) => void> };
type Args<E, K extends keyof E> = E[K] extends readonly unknown[] ? E[K] : never;

export class Emitter<E extends EventMap> {
  #listeners: Listeners<E> = {};
  readonly #onError: (error: unknown, event: keyof E) => void;

  constructor(onError: (error: unknown, event: keyof E) => void) {
    this.#onError = onError;
  }

  /** @returns a function that removes the listener. */
  on<K extends keyof E>(event: K, listener: (...args: Args<E, K>) => void): () => void {
    const listeners = this.#listeners[event] ?? new Set();
    this.#listeners[event] = listeners;
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }

  emit<K extends keyof E>(event: K, ...args: Args<E, K>): void {
    for (const listener of [...(this.#listeners[event] ?? [])]) {
      try {
        listener(...args);
      } catch (error) {
        this.#onError(error, event);
      }
    }
  }

  close(): void {
    this.#listeners = {};
  }
}

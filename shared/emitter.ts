// A typed event emitter whose listeners are isolated: the error of one never reaches another.

type EventMap = { [event: string]: readonly unknown[] };

export class Emitter<E extends EventMap> {
  readonly #listeners = new Map<keyof E, Set<(...args: never[]) => void>>();
  readonly #onError: (error: unknown, event: keyof E) => void;

  constructor(onError: (error: unknown, event: keyof E) => void) {
    this.#onError = onError;
  }

  /** @returns a function that removes the listener. */
  on<K extends keyof E>(event: K, listener: (...args: E[K]) => void): () => void {
    let listeners = this.#listeners.get(event);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(event, listeners);
    }
    listeners.add(listener as (...args: never[]) => void);
    return () => listeners.delete(listener as (...args: never[]) => void);
  }

  emit<K extends keyof E>(event: K, ...args: E[K]): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) {
      try {
        (listener as (...args: E[K]) => void)(...args);
      } catch (error) {
        this.#onError(error, event);
      }
    }
  }

  close(): void {
    this.#listeners.clear();
  }
}

// Attempts at growing distances: each wait is twice the one before, up to a limit.
import type { Resources, Timer } from './resources.ts';

export interface RetryOptions {
  resources: Resources;
  /** The first wait, and the longest. Milliseconds. */
  firstMs: number;
  maxMs: number;
}

export class Retry {
  readonly #options: RetryOptions;
  #nextMs: number;
  #timer: Timer | undefined;

  constructor(options: RetryOptions) {
    this.#options = options;
    this.#nextMs = options.firstMs;
  }

  /** Runs `attempt` after the next wait. An attempt that still waits is given up for it. */
  later(attempt: () => void): void {
    const { resources, maxMs } = this.#options;
    this.#timer?.close();
    this.#timer = resources.after(this.#nextMs, attempt);
    this.#nextMs = Math.min(this.#nextMs * 2, maxMs);
  }

  /** No attempt waits any more. The next wait is the first one again. */
  reset(): void {
    this.#timer?.close();
    this.#nextMs = this.#options.firstMs;
  }
}

// Repeats a request for as long as its answer may change and the page is visible.

/** After failures in a row it asks this rarely at most. Milliseconds. */
const RAREST_MS = 60_000;

export interface PollingOptions {
  /** Rejects when there was no answer. */
  ask: () => Promise<void>;
  /** Milliseconds until the next time, after an answer. Undefined: not again by itself. */
  afterMs: () => number | undefined;
  /** After a failure; twice as long after each further one. */
  retryMs: number;
}

export class Polling {
  readonly #options: PollingOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking: Promise<void> | undefined;
  #failures = 0;
  #closed = false;

  constructor(options: PollingOptions) {
    this.#options = options;
    document.addEventListener('visibilitychange', this.#onVisibility);
  }

  /** Asks now, unless it is doing so. Never rejects. */
  now(): Promise<void> {
    clearTimeout(this.#timer);
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
      this.#schedule();
    });
    return this.#asking;
  }

  /** Asks once more after a request that is under way: that one may bring what was before a change. */
  async again(): Promise<void> {
    await this.#asking;
    await this.now();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    document.removeEventListener('visibilitychange', this.#onVisibility);
  }

  async #ask(): Promise<void> {
    try {
      await this.#options.ask();
      this.#failures = 0;
    } catch {
      this.#failures += 1;
    }
  }

  #schedule(): void {
    const after = nextAfter(this.#failures, this.#options);
    if (this.#closed || document.hidden || after === undefined) return;
    this.#timer = setTimeout(() => void this.now(), after);
  }

  readonly #onVisibility = (): void => {
    if (document.hidden) clearTimeout(this.#timer);
    else void this.now();
  };
}

/** Milliseconds until the next request. Pure. */
export function nextAfter(
  failures: number,
  { afterMs, retryMs }: Pick<PollingOptions, 'afterMs' | 'retryMs'>,
): number | undefined {
  return failures === 0 ? afterMs() : Math.min(RAREST_MS, retryMs * 2 ** (failures - 1));
}

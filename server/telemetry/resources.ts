// Counts of everything that must be closed, by kind: the proof that nothing leaks.

export const RESOURCE_KINDS = [
  'worker',
  'router',
  'transport',
  'producer',
  'consumer',
  'observer',
  'pipe',
  'piped',
  'socket',
  'session',
  'peer',
  'recorder',
  'prepared',
  'subscription',
  'job',
  'timer',
] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/** A timer that its owner closes. Closing one that has fired does nothing. */
export interface Timer {
  close(): void;
}

export class Resources {
  readonly #counts = new Map<ResourceKind, number>(RESOURCE_KINDS.map((kind) => [kind, 0]));

  /** Counts one more; the function returned counts it off again, once. */
  open(kind: ResourceKind): () => void {
    this.#add(kind, 1);
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#add(kind, -1);
    };
  }

  /** Runs `action` once, after `delayMs`. */
  after(delayMs: number, action: () => void): Timer {
    const release = this.open('timer');
    const handle = setTimeout(() => {
      release();
      action();
    }, delayMs);
    return {
      close() {
        clearTimeout(handle);
        release();
      },
    };
  }

  /** Resolves after `delayMs`. */
  wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.after(delayMs, resolve));
  }

  /**
   * Resolves with the promise, or after `limitMs` if that is earlier.
   * @returns false when it was too late
   * @throws what the promise rejects with
   */
  async atMost(limitMs: number, promise: Promise<unknown>): Promise<boolean> {
    const late = Promise.withResolvers<false>();
    const timer = this.after(limitMs, () => late.resolve(false));
    try {
      return await Promise.race([promise.then(() => true), late.promise]);
    } finally {
      timer.close();
    }
  }

  /** Runs `action` every `periodMs` until it is closed. */
  every(periodMs: number, action: () => void): Timer {
    const release = this.open('timer');
    const handle = setInterval(action, periodMs);
    return {
      close() {
        clearInterval(handle);
        release();
      },
    };
  }

  /** The counts now, by kind. */
  counts(): Record<ResourceKind, number> {
    return Object.fromEntries(this.#counts) as Record<ResourceKind, number>;
  }

  #add(kind: ResourceKind, change: number): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + change);
  }
}

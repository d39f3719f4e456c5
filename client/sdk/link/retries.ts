// Repeats requests that the server could not take for the moment: its store is down, and the call goes on.
import { type ErrorCode, ParleyError } from '../../../shared/errors.ts';
import { retryDelay } from './backoff.ts';

/** Refusals that pass: the store is away, or the participant asked too often. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['unavailable', 'rate_limited']);

interface Attempt {
  count: number;
  timer?: ReturnType<typeof setTimeout>;
}

export class Retries {
  readonly #attempts = new Map<string, Attempt>();
  #closed = false;

  /** Whether this request is under way, or waits to be repeated. */
  has(key: string): boolean {
    return this.#attempts.has(key);
  }

  /**
   * Sends a request, and repeats it while the answer is `unavailable` or `rate_limited`.
   *
   * @param key a later request with the same key replaces one that waits
   * @param send makes the request from the state of that moment; undefined when it is no longer needed
   * @param onRefused called with any other refusal
   */
  send(
    key: string,
    send: () => Promise<unknown> | undefined,
    onRefused: (error: ParleyError) => void,
  ): void {
    const before = this.#attempts.get(key);
    clearTimeout(before?.timer);
    const sent = this.#closed ? undefined : send();
    if (!sent) {
      this.#attempts.delete(key);
      return;
    }
    const attempt: Attempt = { count: before?.count ?? 0 };
    this.#attempts.set(key, attempt);
    const isNewest = () => this.#attempts.get(key) === attempt;
    sent.then(
      () => {
        if (isNewest()) this.#attempts.delete(key);
      },
      (cause) => {
        const error = ParleyError.from(cause);
        if (PASSING.has(error.code)) {
          if (!isNewest() || this.#closed) return;
          const delayMs = retryDelay(attempt.count++, error.retryAfterMs, Math.random());
          attempt.timer = setTimeout(() => this.send(key, send, onRefused), delayMs);
        } else {
          if (isNewest()) this.#attempts.delete(key);
          onRefused(error);
        }
      },
    );
  }

  /** Repeats nothing after this. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#attempts.values()) clearTimeout(timer);
    this.#attempts.clear();
  }
}

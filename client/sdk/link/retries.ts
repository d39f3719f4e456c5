// Says again what the server could not take for the moment: its store is down, and the call goes on.
import { type ErrorCode, ParleyError } from '../../../shared/errors.ts';
import { retryDelay } from './backoff.ts';

/** Refusals of now: the store is away, or that was more than one participant may ask at once. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['unavailable', 'rate_limited']);

interface Attempt {
  count: number;
  timer?: ReturnType<typeof setTimeout>;
}

export class Retries {
  readonly #attempts = new Map<string, Attempt>();
  #closed = false;

  /** Whether this is under way, or waits to be said again. */
  has(key: string): boolean {
    return this.#attempts.has(key);
  }

  /**
   * Says it now, and again while the answer is `unavailable` or `rate_limited`.
   *
   * @param key what it is about; what waits under the same key is replaced by it
   * @param say asks for what is wanted by then; undefined when that is moot
   * @param onRefused told of every other refusal
   */
  say(
    key: string,
    say: () => Promise<unknown> | undefined,
    onRefused: (error: ParleyError) => void,
  ): void {
    const before = this.#attempts.get(key);
    clearTimeout(before?.timer);
    const said = this.#closed ? undefined : say();
    if (!said) {
      this.#attempts.delete(key);
      return;
    }
    const attempt: Attempt = { count: before?.count ?? 0 };
    this.#attempts.set(key, attempt);
    const isNewest = () => this.#attempts.get(key) === attempt;
    said.then(
      () => {
        if (isNewest()) this.#attempts.delete(key);
      },
      (cause) => {
        const error = ParleyError.from(cause);
        if (PASSING.has(error.code)) {
          if (!isNewest() || this.#closed) return;
          const delayMs = retryDelay(attempt.count++, error.retryAfterMs, Math.random());
          attempt.timer = setTimeout(() => this.say(key, say, onRefused), delayMs);
        } else {
          if (isNewest()) this.#attempts.delete(key);
          onRefused(error);
        }
      },
    );
  }

  /** Nothing is said again after this. Idempotent. */
  close(): void {
    this.#closed = true;
    for (const { timer } of this.#attempts.values()) clearTimeout(timer);
    this.#attempts.clear();
  }
}

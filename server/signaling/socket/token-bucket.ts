// A rate with a burst: the classic token bucket. The caller gives the time.

export class TokenBucket {
  readonly #perSecond: number;
  readonly #burst: number;
  #tokens: number;
  #at: number;

  /** Starts full. @param now milliseconds of any clock that does not run backwards */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#at = now;
  }

  /** @returns false when the rate is exceeded: nothing is taken then */
  take(now: number): boolean {
    if (!this.has(now)) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Whether `take` would succeed. */
  has(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= 1;
  }

  isFull(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.#burst;
  }

  /** Milliseconds until `take` succeeds again. */
  get waitMs(): number {
    return Math.max(0, Math.ceil(((1 - this.#tokens) / this.#perSecond) * 1000));
  }

  #refill(now: number): void {
    const refilled = this.#tokens + ((now - this.#at) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, refilled);
    this.#at = now;
  }
}

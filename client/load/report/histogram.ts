// Counts durations in buckets that grow with them, so that millions take little memory and keep 2 % of accuracy.

/** Milliseconds. Shorter ones count as this, longer ones as the other. */
const SHORTEST = 0.01;
const LONGEST = 600_000;
const GROWTH = 1.02;
const LOG_GROWTH = Math.log(GROWTH);
const BUCKETS = Math.ceil(Math.log(LONGEST / SHORTEST) / LOG_GROWTH) + 1;

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #max = 0;

  get total(): number {
    return this.#total;
  }

  /** The longest, exactly; 0 of none. */
  get max(): number {
    return this.#max;
  }

  record(durationMs: number): void {
    const bounded = Math.min(LONGEST, Math.max(SHORTEST, durationMs));
    const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log(bounded / SHORTEST) / LOG_GROWTH));
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total++;
    this.#max = Math.max(this.#max, durationMs);
  }

  /** @param share above 0, up to 1. @returns the nearest rank's duration; undefined of none */
  percentile(share: number): number | undefined {
    if (this.#total === 0) return undefined;
    const rank = Math.ceil(share * this.#total);
    let seen = 0;
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count;
      // The middle of a bucket is at most half a bucket away from what was recorded.
      if (seen >= rank) return Math.min(this.#max, SHORTEST * GROWTH ** (bucket + 0.5));
    }
    return this.#max;
  }
}

/** The nearest rank of few values, exactly. @returns undefined of none */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

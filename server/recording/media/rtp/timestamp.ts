// RTP timestamps without their wraps at 32 bits, so that they can be subtracted.

const WRAP = 2 ** 32;

export class TimestampUnwrapper {
  #last: number | undefined;

  /** The timestamp as a number that goes on across wraps, next to the one before. It may be negative. */
  unwrap(timestamp: number): number {
    this.#last = this.near(timestamp);
    return this.#last;
  }

  /** The same without moving: for timestamps that are not those of frames. */
  near(timestamp: number): number {
    if (this.#last === undefined) return timestamp;
    const step = (timestamp - (((this.#last % WRAP) + WRAP) % WRAP)) | 0;
    return this.#last + step;
  }
}

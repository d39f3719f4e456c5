// Which UTC time a sender gives to RTP timestamps, by its last report, and whether that can be believed.

interface Mapping {
  /** The RTP timestamp, with its wraps or without: reports may come before the first frame. */
  timestamp: number;
  /** UTC milliseconds, with fractions. */
  utcMs: number;
}

/**
 * A media server beside us makes the reports, of the time when they are sent. One that is further from our clock is garbage:
 * its time would put a track hours away from the others.
 */
const REPORT_TRUST_MS = 10_000;
/** Packets come this long after their capture at most. Else the sender's timestamps stood still since its report. */
const CAPTURE_TRUST_MS = 3_000;

export class SenderClock {
  readonly #clockRate: number;
  #mapping: Mapping | undefined;

  /** @param clockRate Hz */
  constructor(clockRate: number) {
    this.#clockRate = clockRate;
  }

  /** @returns whether the report is believed */
  report(timestamp: number, utcMs: number, nowMs: number): boolean {
    if (Math.abs(utcMs - nowMs) > REPORT_TRUST_MS) return false;
    this.#mapping = { timestamp, utcMs };
    return true;
  }

  /** Other timestamps than before follow: no report is of them. */
  forget(): void {
    this.#mapping = undefined;
  }

  /**
   * When what has this timestamp was captured, as UTC milliseconds.
   *
   * @param arrivedAt UTC milliseconds
   * @returns undefined without a report, or if it does not agree with the time of arrival
   */
  capturedAt(timestamp: number, arrivedAt: number): number | undefined {
    if (!this.#mapping) return undefined;
    const { timestamp: reported, utcMs } = this.#mapping;
    // Modulo 2^32, as RTP counts.
    const capturedAt = utcMs + (((timestamp - reported) | 0) / this.#clockRate) * 1_000;
    return Math.abs(arrivedAt - capturedAt) <= CAPTURE_TRUST_MS ? capturedAt : undefined;
  }
}

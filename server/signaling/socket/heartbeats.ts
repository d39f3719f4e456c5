// The heartbeats of all sockets of a process, by one timer: a part of them is due at each of its ticks.
import type { Resources, Timer } from '../../telemetry/resources.ts';

/** What has a heartbeat. */
export interface Beating {
  beat(): void;
}

/** Parts in one interval: sockets that opened at different times are not pinged in one moment. */
const MOST_PARTS = 20;
/** A tick at least, so that a short interval does not wake an idle process all the time. */
const TICK_MS = 100;

export class Heartbeats {
  readonly #parts: readonly Set<Beating>[];
  readonly #timer: Timer;
  /** The part that was due last. */
  #at = 0;

  /** @param intervalMs between two heartbeats of each socket */
  constructor(intervalMs: number, resources: Resources) {
    const count = Math.min(MOST_PARTS, Math.max(1, Math.floor(intervalMs / TICK_MS)));
    this.#parts = Array.from({ length: count }, () => new Set());
    this.#timer = resources.every(intervalMs / count, () => this.#tick());
  }

  /** The first heartbeat is due after an interval, less one tick at most. @returns what ends them */
  add(beating: Beating): () => void {
    const part = this.#parts[this.#at];
    part?.add(beating);
    return () => part?.delete(beating);
  }

  /** Nothing beats any more. */
  close(): void {
    this.#timer.close();
  }

  #tick(): void {
    this.#at = (this.#at + 1) % this.#parts.length;
    for (const beating of this.#parts[this.#at] ?? []) beating.beat();
  }
}

// Notices that a process which should say something every second has stopped to: it is frozen, though it is not gone.
import type { Resources, Timer } from '../../telemetry/resources.ts';

export interface HeartbeatOptions {
  /** Milliseconds of silence, in whole seconds, after which the process counts as frozen. */
  limitMs: number;
  /** Called once. */
  onFrozen(): void;
  resources: Resources;
}

const BEAT_MS = 1_000;

/**
 * It counts its own beats and not the time: where this process stands still as well, as on a starved machine, what
 * the other one said meanwhile is read before the limit is reached.
 */
export class Heartbeat {
  readonly #timer: Timer;
  #silentBeats = 0;

  constructor({ limitMs, onFrozen, resources }: HeartbeatOptions) {
    this.#timer = resources.every(BEAT_MS, () => {
      this.#silentBeats += 1;
      // The first beat was silent in part only.
      if (this.#silentBeats * BEAT_MS <= limitMs) return;
      this.close();
      onFrozen();
    });
  }

  /** The process has said something. */
  heard(): void {
    this.#silentBeats = 0;
  }

  /** Idempotent. */
  close(): void {
    this.#timer.close();
  }
}

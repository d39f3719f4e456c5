// Counts media sessions that are being opened. In a crowd, less urgent commands wait.
import type { Resources } from '../../telemetry/resources.ts';

/** Hundreds come at once after the loss of another node; otherwise one now and then. */
const CROWD = 8;
/**
 * `web` sends the next `open` when one is answered, so a crowd comes in waves. It has passed after this long
 * without one.
 */
const QUIET_MS = 100;
/** No command waits longer than this, however long the crowd lasts. */
const WAIT_MAX_MS = 3_000;

export class Openings {
  readonly #resources: Pick<Resources, 'atMost' | 'wait'>;
  #count = 0;
  #crowdedAt = Number.NEGATIVE_INFINITY;
  #calm: Promise<void> | undefined;

  constructor(resources: Pick<Resources, 'atMost' | 'wait'>) {
    this.#resources = resources;
  }

  get count(): number {
    return this.#count;
  }

  /** Counts one opening. @returns a function to call once, when it has opened or failed */
  begin(): () => void {
    this.#count += 1;
    this.#look();
    return () => {
      this.#look();
      this.#count -= 1;
    };
  }

  /** Resolves when there is no crowd, or has been one for too long. */
  async calm(): Promise<void> {
    if (!this.#isCrowded) return;
    this.#calm ??= this.#untilCalm().finally(() => {
      this.#calm = undefined;
    });
    await this.#resources.atMost(WAIT_MAX_MS, this.#calm);
  }

  get #isCrowded(): boolean {
    return performance.now() - this.#crowdedAt < QUIET_MS;
  }

  #look(): void {
    if (this.#count >= CROWD) this.#crowdedAt = performance.now();
  }

  async #untilCalm(): Promise<void> {
    while (this.#isCrowded) await this.#resources.wait(QUIET_MS);
  }
}

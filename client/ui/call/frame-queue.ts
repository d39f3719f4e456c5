// At most one change of the page a frame: what comes in between waits for the next one, and only the newest counts.
import { batch } from '@preact/signals';

/** A hidden page has no frames. Milliseconds. */
const HIDDEN_MS = 100;

export class FrameQueue {
  readonly #waiting = new Map<string, () => void>();
  #frame: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Runs the change at once if this frame has had none, or with the next frame.
   *
   * @param key a change that waits is replaced by the next one of the same key
   */
  run(key: string, change: () => void): void {
    if (this.#isScheduled) {
      this.#waiting.set(key, change);
      return;
    }
    this.#schedule();
    batch(change);
  }

  close(): void {
    this.#waiting.clear();
    this.#cancel();
  }

  get #isScheduled(): boolean {
    return this.#timer !== undefined;
  }

  #schedule(): void {
    const flush = () => this.#flush();
    this.#frame = requestAnimationFrame(flush);
    this.#timer = setTimeout(flush, HIDDEN_MS);
  }

  #cancel(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    clearTimeout(this.#timer);
    this.#frame = undefined;
    this.#timer = undefined;
  }

  #flush(): void {
    this.#cancel();
    if (this.#waiting.size === 0) return;
    const changes = [...this.#waiting.values()];
    this.#waiting.clear();
    // What comes while these run, or before the frame is drawn, belongs to the next one.
    this.#schedule();
    batch(() => {
      for (const change of changes) change();
    });
  }
}

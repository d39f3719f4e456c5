// Whether others see a participant as online: committed to the room, and again until that succeeds.
import { ParleyError } from '../../../shared/errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';

export interface PresenceOptions {
  /** As the room has it now. */
  online: boolean;
  commit(online: boolean): Promise<unknown>;
  resources: Resources;
  log: Logger;
}

/** Between attempts to commit it. Doubles up to the second figure. */
const RETRY_MS = 500;
const RETRY_MAX_MS = 10_000;

export class Presence {
  readonly #options: PresenceOptions;
  #wanted: boolean;
  /** What the room has; undefined while that is not known. */
  #committed: boolean | undefined;
  #attempts = 0;
  #retry: Timer | undefined;
  #ended = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#wanted = options.online;
    this.#committed = options.online;
  }

  /** As it should be seen. */
  get online(): boolean {
    return this.#wanted;
  }

  /** Resolves after the first attempt. Never rejects. */
  set(online: boolean): Promise<void> {
    this.#wanted = online;
    return this.#commit(RETRY_MS);
  }

  /** Another replica committed for the participant: what the room has is not known any more. */
  forget(): void {
    this.#committed = undefined;
  }

  /** Nothing is committed any more. */
  end(): void {
    this.#ended = true;
    this.#retry?.close();
  }

  /**
   * Does not wait for an attempt before it, which may take its whole time limit: being online again
   * follows a claim, whose fence refuses what was sent before.
   */
  async #commit(retryMs: number): Promise<void> {
    this.#retry?.close();
    if (this.#ended || this.#wanted === this.#committed) return;
    const online = this.#wanted;
    this.#attempts += 1;
    const attempt = this.#attempts;
    // Without an answer it may be done all the same.
    this.#committed = undefined;
    try {
      await this.#options.commit(online);
      if (attempt === this.#attempts) this.#committed = online;
    } catch (error) {
      this.#options.log.debug({ err: error, online }, 'presence was not committed yet');
      const isOver = this.#ended || !ParleyError.from(error).retryable;
      if (isOver || attempt !== this.#attempts) return;
      const next = Math.min(retryMs * 2, RETRY_MAX_MS);
      this.#retry = this.#options.resources.after(retryMs, () => void this.#commit(next));
    }
  }
}

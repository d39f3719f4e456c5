// Publishes whether a participant is present, again until the room has it.
import { ParleyError } from '../../../shared/errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { Retry } from '../../telemetry/retry.ts';

export interface PresenceOptions {
  /** As the room has it. */
  online: boolean;
  /** Rejects when the change was refused, or may not have been done. */
  commit(online: boolean): Promise<unknown>;
  resources: Resources;
  log: Logger;
}

/** Between attempts while the store does not answer. */
const RETRY = { firstMs: 500, maxMs: 10_000 };

export class Presence {
  readonly #options: PresenceOptions;
  #online: boolean;
  /** As the room has it; undefined when that is not known. */
  #inRoom: boolean | undefined;
  readonly #retry: Retry;
  #closed = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#online = options.online;
    this.#inRoom = options.online;
    this.#retry = new Retry({ ...RETRY, resources: options.resources });
  }

  /** What was published last. */
  get online(): boolean {
    return this.#online;
  }

  /** Resolves after the first attempt; others follow as long as they are needed. Never rejects. */
  async publish(online: boolean): Promise<void> {
    this.#online = online;
    this.#retry.reset();
    await this.#commit();
  }

  /** Another replica had the session meanwhile: what the room has is not known any more. */
  forget(): void {
    this.#inRoom = undefined;
  }

  /** The session is over: nothing is published any more. */
  close(): void {
    this.#closed = true;
    this.#retry.reset();
  }

  async #commit(): Promise<void> {
    const online = this.#online;
    if (this.#closed || this.#inRoom === online) return;
    this.#inRoom = undefined;
    try {
      await this.#options.commit(online);
      // A change that was published meanwhile has a commit of its own.
      if (this.#online === online) this.#inRoom = online;
    } catch (error) {
      this.#options.log.debug({ err: error, online }, 'presence was not committed');
      const isOver = !ParleyError.from(error).retryable;
      if (isOver || this.#closed || this.#online !== online) return;
      this.#retry.later(() => void this.#commit());
    }
  }
}

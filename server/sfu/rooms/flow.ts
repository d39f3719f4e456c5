// Pauses and resumes one end of a pipe, one command after the other: the last word counts.
import type { Logger } from '../../telemetry/log.ts';

/** A consumer or a producer. */
export interface Pausable {
  readonly closed: boolean;
  pause(): Promise<void>;
  resume(): Promise<void>;
}

export class Flow {
  readonly #end: Pausable;
  readonly #producer: { readonly closed: boolean };
  readonly #log: Logger;
  #flows: boolean;
  #wanted: boolean;
  #running = false;

  /** @param producer whose end is the consumer's too: the worker closes it, and would refuse to pause it. */
  constructor(
    end: Pausable & { readonly paused: boolean },
    log: Logger,
    producer: { readonly closed: boolean } = end,
  ) {
    this.#end = end;
    this.#producer = producer;
    this.#log = log;
    this.#flows = !end.paused;
    this.#wanted = this.#flows;
  }

  set(flows: boolean): void {
    this.#wanted = flows;
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#flows !== this.#wanted && !this.#end.closed && !this.#producer.closed) {
      const flows = this.#wanted;
      try {
        await (flows ? this.#end.resume() : this.#end.pause());
      } catch (err) {
        // The worker may have closed it before its event arrived here.
        this.#log.debug({ err }, 'an end of a pipe could not be changed');
      }
      this.#flows = flows;
    }
    this.#running = false;
  }
}

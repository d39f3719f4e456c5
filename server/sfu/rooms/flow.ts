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
  readonly #log: Logger;
  #flows: boolean;
  #wanted: boolean;
  #running = false;

  constructor(end: Pausable & { readonly paused: boolean }, log: Logger) {
    this.#end = end;
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
    while (this.#flows !== this.#wanted && !this.#end.closed) {
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

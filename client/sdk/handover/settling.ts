// Tells the server when the media sessions before the newest one have gone, so that it closes them too.

import type { Retries } from '../link/retries.ts';
import type { Request } from '../media/media-session.ts';

export interface SettlingOptions {
  request: Request;
  retries: Retries;
  onProblem(error: unknown): void;
}

export class Settling {
  readonly #options: SettlingOptions;
  /** The media session that the server has to be told of. */
  #epoch: number | undefined;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** This session took over from another one. */
  owe(epoch: number): void {
    this.#epoch = epoch;
  }

  /** The server that opened the older media sessions has forgotten them. */
  forget(): void {
    this.#epoch = undefined;
  }

  /** @param only the epoch of the session that is left, if it is the only one */
  settle(only: number | undefined): void {
    const epoch = this.#epoch;
    if (epoch === undefined || only !== epoch) return;
    const { request, retries, onProblem } = this.#options;
    const say = async () => {
      await request('settled', { epoch });
      if (this.#epoch === epoch) this.#epoch = undefined;
    };
    const sayUnlessMoot = () => (this.#epoch === epoch ? say() : undefined);
    retries.say('settled', sayUnlessMoot, (error) => {
      // Replaced in the meantime, or said again after the resume.
      if (error.code !== 'stale_epoch' && error.code !== 'unreachable') onProblem(error);
    });
  }
}

// Sends `settled` when the older media sessions are closed here, so that the server closes them too.

import type { Retries } from '../link/retries.ts';
import type { Request } from '../media/media-session.ts';

export interface SettlingOptions {
  request: Request;
  retries: Retries;
  onProblem(error: unknown): void;
}

export class Settling {
  readonly #options: SettlingOptions;
  /** The epoch to send. */
  #epoch: number | undefined;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** This session took over from another one: the server waits for `settled`. */
  expect(epoch: number): void {
    this.#epoch = epoch;
  }

  /** The server that opened the older media sessions has forgotten them. */
  forget(): void {
    this.#epoch = undefined;
  }

  /** @param only the epoch of the remaining session, if there is only one */
  settle(only: number | undefined): void {
    const epoch = this.#epoch;
    if (epoch === undefined || only !== epoch) return;
    const { request, retries, onProblem } = this.#options;
    const send = async () => {
      await request('settled', { epoch });
      if (this.#epoch === epoch) this.#epoch = undefined;
    };
    const sendUnlessMoot = () => (this.#epoch === epoch ? send() : undefined);
    retries.send('settled', sendUnlessMoot, (error) => {
      // Either another session replaced it, or the resume repeats it.
      if (error.code !== 'stale_epoch' && error.code !== 'unreachable') onProblem(error);
    });
  }
}

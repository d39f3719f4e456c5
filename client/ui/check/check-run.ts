// One network check on the page: started, run again, and aborted when it is closed.
import { signal } from '@preact/signals';
import { checkNetwork } from '../../sdk/check/network-check.ts';
import { NETWORK_NOT_CHECKED, type NetworkState } from '../../sdk/check/types.ts';
import { remembered } from '../kit/storage.ts';

export class CheckRun {
  readonly network = signal<NetworkState>(NETWORK_NOT_CHECKED);
  /** UTC milliseconds of the start. */
  readonly at = signal(Date.now());
  readonly #room: string | undefined;
  #abort: AbortController | undefined;

  constructor(room: string | undefined) {
    this.#room = room;
  }

  async start(): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.network.value = NETWORK_NOT_CHECKED;
    this.at.value = Date.now();
    const room = this.#room;
    const token = room === undefined ? '' : remembered.token(room).get();
    await checkNetwork({
      url: location.origin,
      signal: abort.signal,
      onProgress: (state) => {
        this.network.value = state;
      },
      ...(room !== undefined && { room }),
      ...(token !== '' && { token }),
    });
  }

  close(): void {
    this.#abort?.abort();
  }
}

// One network check on the page: started, run again, and given up when it is closed.
import { signal } from '@preact/signals';
import { NETWORK_NOT_CHECKED, type NetworkState } from '../../sdk/network-check-types.ts';
import { remembered } from '../kit/storage.ts';

export class CheckRun {
  readonly network = signal<NetworkState>(NETWORK_NOT_CHECKED);
  /** UTC milliseconds of the start. */
  readonly at = signal(Date.now());
  /** A part of the page could not be loaded: the network, or a server that was replaced. */
  readonly unloadable = signal(false);
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
    this.unloadable.value = false;
    const room = this.#room;
    const token = room === undefined ? '' : remembered.token(room).get();
    try {
      const { checkNetwork } = await import('../../sdk/network-check.ts');
      if (abort.signal.aborted) return;
      await checkNetwork({
        url: location.origin,
        signal: abort.signal,
        onProgress: (state) => {
          this.network.value = state;
        },
        ...(room !== undefined && { room }),
        ...(token !== '' && { token }),
      });
    } catch {
      if (!abort.signal.aborted) this.unloadable.value = true;
    }
  }

  close(): void {
    this.#abort?.abort();
  }
}

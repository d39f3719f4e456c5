// The network checks of one socket that is in no call.
import { ParleyError } from '../../../../shared/errors.ts';
import type { Address } from '../addresses.ts';
import { bind } from '../dispatch.ts';
import type { CheckMethod, NetworkCheck } from './network-check.ts';

export interface SocketChecksOptions {
  /** @throws ParleyError `shutting_down` */
  create(): NetworkCheck;
  address: Address;
  /** The socket may be in no call for longer. */
  onStarted(): void;
  onEnded(): void;
}

type State =
  | { readonly name: 'none' }
  | { readonly name: 'idle'; readonly check: NetworkCheck }
  /** The check counts among those of its address. */
  | { readonly name: 'opening'; readonly check: NetworkCheck; readonly release: () => void }
  | { readonly name: 'running'; readonly check: NetworkCheck; readonly release: () => void };

/**
 * Each check gives the socket more time before it has to join, and takes one of the node's few checks. Without
 * a limit one client could keep both for ever. A page opens a socket for each check.
 */
const CHECKS_PER_SOCKET = 3;
const NONE: State = { name: 'none' };

export class SocketChecks {
  readonly #options: SocketChecksOptions;
  #state: State = NONE;
  #started = 0;

  constructor(options: SocketChecksOptions) {
    this.#options = options;
  }

  /** @throws ParleyError what is wrong with the request, or what the node answers */
  async request(method: CheckMethod, params: unknown): Promise<unknown> {
    const check = this.#check();
    const run = bind(check.methods, method, params);
    if (method === 'checkNetwork') this.#open();
    const result = await run(null);
    if (method === 'checkNetwork') this.#opened();
    if (method === 'checkEnd') this.#ended();
    return result;
  }

  /** The socket has closed, or is in a call. */
  close(): void {
    const state = this.#state;
    this.#state = NONE;
    if (state.name === 'none') return;
    state.check.close();
    if (state.name !== 'idle') state.release();
  }

  #check(): NetworkCheck {
    if (this.#state.name === 'none') this.#state = { name: 'idle', check: this.#options.create() };
    return this.#state.check;
  }

  #open(): void {
    if (this.#started >= CHECKS_PER_SOCKET) throw new ParleyError('rate_limited');
    if (this.#state.name !== 'idle') return;
    const release = this.#options.address.countCheck();
    this.#state = { ...this.#state, name: 'opening', release };
  }

  #opened(): void {
    this.#started += 1;
    // The socket may have closed meanwhile.
    if (this.#state.name !== 'opening' && this.#state.name !== 'running') return;
    this.#state = { ...this.#state, name: 'running' };
    this.#options.onStarted();
  }

  #ended(): void {
    if (this.#state.name !== 'running') return;
    const { check, release } = this.#state;
    this.#state = { name: 'idle', check };
    release();
    this.#options.onEnded();
  }
}

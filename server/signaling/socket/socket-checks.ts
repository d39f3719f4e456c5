// The network checks of one socket: few, and one at a time, which counts among those of its address.
import { ParleyError } from '../../../shared/errors.ts';
import { METHODS } from '../../../shared/protocol/protocol.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Address } from './addresses.ts';
import type { CheckMethod, NetworkCheck } from './network-check.ts';

/**
 * Each gives the socket more time before it has to join, and takes one of the node's few checks. Without a
 * limit a socket could keep both for ever. A page opens a socket for each check.
 */
const CHECKS_PER_SOCKET = 3;

const NAMES: Readonly<Record<CheckMethod, true>> = {
  checkNetwork: true,
  checkConnect: true,
  checkEnd: true,
};

export function isCheckMethod(method: string): method is CheckMethod {
  return Object.hasOwn(NAMES, method);
}

type Handler = (context: null, params: unknown) => Promise<unknown>;

export interface SocketChecksOptions {
  address: Address;
  /** @throws ParleyError `shutting_down` */
  networkCheck(): NetworkCheck;
  /** How long the socket may be in no call depends on it. */
  onChange(change: { checking: boolean }): void;
}

export class SocketChecks {
  readonly #options: SocketChecksOptions;
  #check: NetworkCheck | undefined;
  #begun = 0;
  /** Gives back what the running check takes of its address; undefined while none runs. */
  #release: (() => void) | undefined;

  constructor(options: SocketChecksOptions) {
    this.#options = options;
  }

  async request(method: CheckMethod, params: unknown): Promise<unknown> {
    const { networkCheck, onChange } = this.#options;
    const check = this.#check ?? networkCheck();
    this.#check = check;
    // The table pairs each handler with its own schema, which the compiler cannot follow here.
    const handler = check.methods[method] as Handler;
    const parsed = parse(METHODS[method].params, params);
    if (method === 'checkNetwork') return this.#begin(check, () => handler(null, parsed));
    const result = await handler(null, parsed);
    if (method === 'checkEnd' && this.#release) {
      this.#letGo();
      onChange({ checking: false });
    }
    return result;
  }

  /** The socket is gone, or in a call. */
  end(): void {
    this.#check?.close();
    this.#check = undefined;
    this.#letGo();
  }

  async #begin(check: NetworkCheck, begin: () => Promise<unknown>): Promise<unknown> {
    if (this.#begun >= CHECKS_PER_SOCKET) throw new ParleyError('rate_limited');
    const { address, onChange } = this.#options;
    const before = this.#release;
    const release = before ?? address.holdCheck();
    try {
      const result = await begin();
      this.#begun += 1;
      // The socket may have closed, or joined, while the node was at it.
      if (this.#check === check) {
        this.#release = release;
        onChange({ checking: true });
      } else {
        check.close();
        release();
      }
      return result;
    } catch (error) {
      if (!before) release();
      throw error;
    }
  }

  #letGo(): void {
    this.#release?.();
    this.#release = undefined;
  }
}

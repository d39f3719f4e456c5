// What one socket has prepared for its join: nothing, or one media session that carries nothing yet.
import { ParleyError } from '../../../../shared/errors.ts';
import {
  type EventPayload,
  METHODS,
  type MethodParams,
} from '../../../../shared/protocol/protocol.ts';
import { parse } from '../../../../shared/protocol/rpc.ts';
import type { PreparedMedia } from '../../media/media-client.ts';
import type { Preparation } from '../../media/preparation.ts';
import type { Address } from '../addresses.ts';

/** What a socket that is in no call may ask so that its join will be fast. */
export const PREPARE_METHODS = { prepare: true, prepareConnect: true } as const;
export type PrepareMethod = keyof typeof PREPARE_METHODS;

export interface SocketPreparationOptions {
  /** @throws ParleyError `shutting_down`, or what is wrong with the token */
  create(request: MethodParams<'prepare'>): Promise<Preparation>;
  address: Address;
  /** The transports are open: the socket may be in no call for longer. */
  onOpened(opened: Omit<EventPayload<'prepared'>, 'forMs'>): void;
  onFailed(error: unknown): void;
}

interface Prepared {
  readonly preparation: Preparation;
  /** It counts no more among those of its address. */
  readonly release: () => void;
}

/** Each opens two transports. A page opens another socket when it prepares again. */
const PREPARATIONS_PER_SOCKET = 5;

export class SocketPreparation {
  readonly #options: SocketPreparationOptions;
  #prepared: Prepared | undefined;
  #begun = 0;
  #closed = false;

  constructor(options: SocketPreparationOptions) {
    this.#options = options;
  }

  /** @throws ParleyError why nothing is prepared, or what the node answers */
  async request(method: PrepareMethod, params: unknown): Promise<Record<string, never>> {
    if (method === 'prepare') {
      await this.#begin(parse(METHODS.prepare.params, params));
    } else {
      const connection = parse(METHODS.prepareConnect.params, params);
      if (!this.#prepared) throw new ParleyError('media_failed');
      await this.#prepared.preparation.connect(connection);
    }
    return {};
  }

  /** For a join in this room that names it. */
  for(room: string, id: string | undefined): PreparedMedia | undefined {
    return this.#prepared?.preparation.for(room, id);
  }

  /** The socket is in a call, or joins without it, or the replica ends. It may prepare again. */
  end(): void {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    prepared?.preparation.close();
    prepared?.release();
  }

  /** The socket has closed. */
  close(): void {
    this.#closed = true;
    this.end();
  }

  /** Not awaited beyond the token: a join that follows must not wait for a node. */
  async #begin(request: MethodParams<'prepare'>): Promise<void> {
    if (this.#begun >= PREPARATIONS_PER_SOCKET) throw new ParleyError('rate_limited');
    this.#begun += 1;
    this.end();
    const release = this.#options.address.countPrepared();
    try {
      const preparation = await this.#options.create(request);
      if (this.#closed) throw new ParleyError('unreachable');
      this.#prepared = { preparation, release };
    } catch (error) {
      release();
      throw error;
    }
    void this.#open(this.#prepared);
  }

  async #open(prepared: Prepared): Promise<void> {
    try {
      const opened = await prepared.preparation.open();
      if (this.#prepared === prepared) this.#options.onOpened(opened);
    } catch (error) {
      if (this.#prepared === prepared) this.end();
      this.#options.onFailed(error);
    }
  }
}

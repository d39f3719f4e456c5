// A network check of one socket: finds the node to check, and ends what was opened there.
import { randomBytes } from 'node:crypto';
import { ParleyError } from '../../../../shared/errors.ts';
import type { MethodParams, MethodResult, Methods } from '../../../../shared/protocol/protocol.ts';
import type { Handlers } from '../../../../shared/protocol/rpc.ts';
import type { RoomTokens } from '../../../api/tokens.ts';
import type { Cluster } from '../../../cluster/cluster.ts';
import { chooseNode } from '../../../room/placement.ts';
import type { Logger } from '../../../telemetry/log.ts';
import type { MediaClient } from '../../media/media-client.ts';

/** What a socket that is in no call may ask, besides for a call. */
export const CHECK_METHODS = {
  checkNetwork: true,
  checkConnect: true,
  checkEnd: true,
} satisfies Partial<Record<keyof Methods, true>>;
export type CheckMethod = keyof typeof CHECK_METHODS;

export interface NetworkCheckOptions {
  cluster: Cluster;
  media: MediaClient;
  tokens: RoomTokens | undefined;
  region: string | undefined;
  log: Logger;
}

/** Nodes that are asked for one check: the first may be full, or ending. */
const OPEN_ATTEMPTS = 3;

/** The check of one socket: none, or one. */
export class NetworkCheck {
  readonly #options: NetworkCheckOptions;
  #open: { nodeId: string; checkId: string } | undefined;
  #closed = false;

  constructor(options: NetworkCheckOptions) {
    this.#options = options;
  }

  readonly methods: Handlers<Pick<Methods, CheckMethod>, null> = {
    checkNetwork: (_, params) => this.#start(params),

    checkConnect: async (_, params) => {
      if (!this.#open) throw new ParleyError('media_failed', { message: NO_CHECK });
      const { nodeId, checkId } = this.#open;
      return this.#options.media.send(nodeId, 'checkConnect', { ...params, checkId });
    },

    checkEnd: async () => {
      this.#end();
      return {};
    },
  };

  /** The socket is gone, or in a call. */
  close(): void {
    this.#closed = true;
    this.#end();
  }

  async #start({
    room,
    token,
  }: MethodParams<'checkNetwork'>): Promise<MethodResult<'checkNetwork'>> {
    const { cluster, media, tokens, region } = this.#options;
    this.#end();
    if (tokens) {
      if (room === undefined) throw new ParleyError('token_required');
      await tokens.verify({ token }, room);
    }
    const [nodes, placement] = await Promise.all([
      cluster.nodes.list(),
      room === undefined ? undefined : cluster.rooms.placement(room),
    ]);
    const avoid = new Set<string>();
    for (let attempt = 1; ; attempt++) {
      const wish = { region, spillSessions: Number.POSITIVE_INFINITY, avoid };
      const nodeId = chooseNode(nodes, placement, wish);
      if (nodeId === undefined) throw new ParleyError('no_capacity', { retryAfterMs: 10_000 });
      const checkId = `check-${randomBytes(9).toString('base64url')}`;
      try {
        const opened = await media.send(nodeId, 'checkOpen', { checkId });
        this.#open = { nodeId, checkId };
        // The socket has closed meanwhile.
        if (this.#closed) this.#end();
        return opened;
      } catch (error) {
        const { retryable } = ParleyError.from(error);
        // The node may still open the check, which no client would use.
        this.#requestEnd(nodeId, checkId);
        avoid.add(nodeId);
        const others = nodes.some(({ id, draining }) => !avoid.has(id) && !draining);
        if (!retryable || !others || this.#closed || attempt >= OPEN_ATTEMPTS) throw error;
      }
    }
  }

  #end(): void {
    const open = this.#open;
    this.#open = undefined;
    if (open) this.#requestEnd(open.nodeId, open.checkId);
  }

  #requestEnd(nodeId: string, checkId: string): void {
    // Without this request the node ends the check after NETWORK_CHECK_SECONDS.
    this.#options.media.send(nodeId, 'checkEnd', { checkId }).catch((err) => {
      this.#options.log.debug({ err, nodeId }, 'a network check was not ended');
    });
  }
}

const NO_CHECK = 'This network check is over. Run it again.';

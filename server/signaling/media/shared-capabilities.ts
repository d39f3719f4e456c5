// What clients can receive, kept once for all clients that can receive the same: browsers of one release do.
import { createHash } from 'node:crypto';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';

export interface Client {
  readonly rtpCapabilities: RtpCapabilities;
  /** Features of the protocol that the client understands, besides the first release's. */
  readonly features: readonly string[];
}

/**
 * Different ones that are remembered. There are a few for each browser and release. Beyond it the one that was
 * used longest ago is forgotten, and a client that brings it again has a copy of its own.
 */
const REMEMBERED = 64;

export class SharedCapabilities {
  readonly #known = new Map<string, RtpCapabilities>();

  /** What a client can receive and understands, of its join or resume. */
  clientOf({ rtpCapabilities, features = [] }: Pick<MethodParams<'join'>, keyof Client>): Client {
    return { rtpCapabilities: this.share(rtpCapabilities), features };
  }

  /** @returns equal capabilities, which many sessions may have. They are never changed */
  share(capabilities: RtpCapabilities): RtpCapabilities {
    const key = createHash('sha256').update(JSON.stringify(capabilities)).digest('base64url');
    const shared = this.#known.get(key) ?? capabilities;
    // The newest is last.
    this.#known.delete(key);
    this.#known.set(key, shared);
    if (this.#known.size > REMEMBERED) {
      const [oldest = ''] = this.#known.keys();
      this.#known.delete(oldest);
    }
    return shared;
  }
}

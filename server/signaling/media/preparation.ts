// Transports that are open before their participant joins: where a join would open them, renewed, and ended.
import { randomBytes } from 'node:crypto';
import { ParleyError } from '../../../shared/errors.ts';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import type { EventPayload, MethodParams } from '../../../shared/protocol/protocol.ts';
import { chooseNode } from '../../room/placement.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { MediaClient, PreparedMedia } from './media-client.ts';

export interface PreparationOptions {
  media: MediaClient;
  region: string | undefined;
  spillSessions: number;
  /** What the client can receive. Without it no picture is prepared. */
  rtpCapabilities?: RtpCapabilities;
  /** How long a node keeps transports that nobody renews. */
  leaseMs: number;
  resources: Resources;
  log: Logger;
}

/** Renewals within one lease. One may be lost. */
const RENEWALS = 3;
/** Random bytes of an id. So many cannot be guessed. */
const ID_BYTES = 18;

export class Preparation {
  readonly #options: PreparationOptions;
  readonly #room: string;
  readonly #id = randomBytes(ID_BYTES).toString('base64url');
  readonly #participantId = randomBytes(12).toString('base64url');
  #open: PreparedMedia | undefined;
  #renewals: Timer | undefined;
  #closed = false;

  constructor(room: string, options: PreparationOptions) {
    this.#room = room;
    this.#options = options;
  }

  /** Nothing is written to the store. @throws ParleyError what a join would be refused with for want of a node */
  async open(): Promise<Omit<EventPayload<'prepared'>, 'forMs'>> {
    const { media, region, spillSessions, leaseMs, resources, rtpCapabilities } = this.#options;
    const { nodes, placement } = await media.survey(this.#room);
    const nodeId = chooseNode(nodes, placement, { region, spillSessions, avoid: new Set() });
    if (nodeId === undefined || this.#closed) throw new ParleyError('no_capacity');
    const whose = { room: this.#room, participantId: this.#participantId, prepared: this.#id };
    try {
      const opened = await media.send(nodeId, 'prepare', {
        ...whose,
        ...(rtpCapabilities && { rtpCapabilities }),
      });
      if (this.#closed) throw new ParleyError('media_failed');
      const { epoch } = opened;
      this.#open = { id: this.#id, participantId: this.#participantId, nodeId, epoch };
      this.#renewals = resources.every(leaseMs / RENEWALS, () => this.#renew(nodeId));
      return { id: this.#id, ...opened };
    } catch (error) {
      // The node may still have opened it.
      this.#end(nodeId);
      throw error;
    }
  }

  /** @throws ParleyError `media_failed` when there is nothing of this name */
  async connect({ id, ...params }: MethodParams<'prepareConnect'>): Promise<void> {
    const open = this.#open;
    if (!open || id !== open.id) throw new ParleyError('media_failed');
    await this.#options.media.send(open.nodeId, 'prepareConnect', { prepared: id, ...params });
  }

  /** For a join in this room that names it. */
  for(room: string, id: string | undefined): PreparedMedia | undefined {
    return room === this.#room && id === this.#open?.id ? this.#open : undefined;
  }

  /** Ends it, unless a join has taken it. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#renewals?.close();
    const open = this.#open;
    this.#open = undefined;
    if (open) this.#end(open.nodeId);
  }

  #renew(nodeId: string): void {
    this.#options.media.send(nodeId, 'prepareKeep', { prepared: this.#id }).catch((error) => {
      // The node has ended it, or drains. A join opens other transports.
      if (!ParleyError.from(error).retryable || ParleyError.from(error).code === 'no_capacity') {
        this.close();
      }
    });
  }

  /** Without this request the node ends it with its lease. One that a join has taken is the participant's. */
  #end(nodeId: string): void {
    this.#options.media.send(nodeId, 'prepareEnd', { prepared: this.#id }).catch((err) => {
      this.#options.log.debug({ err, nodeId }, 'prepared transports were not closed');
    });
  }
}

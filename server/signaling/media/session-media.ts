// The media of one session: opened, moved, rebuilt when it is lost, and sent to the client.
import { ParleyError } from '../../../shared/errors.ts';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import { packed } from '../../../shared/protocol/consumers.ts';
import type { MediaOffer } from '../../../shared/protocol/media-messages.ts';
import {
  type EventName,
  type EventPayload,
  eventFrame,
} from '../../../shared/protocol/protocol.ts';
import type { SessionGuard } from '../../cluster/cluster.ts';
import type { MediaEvent, MediaEventData } from '../../cluster/messages/media.ts';
import type { Timer } from '../../telemetry/resources.ts';
import type { SessionContext } from '../session/context.ts';
import type { FrameQueue } from '../socket/frame-queue.ts';
import { ClientView } from './client-view.ts';
import { CredentialRenewal } from './credential-renewal.ts';
import { type OpenedOnNode, type OpenRequest, understandsDemand } from './media-client.ts';
import { MediaSessions } from './media-sessions.ts';
import { Mutes, type MutesOptions } from './mutes.ts';
import { speakersFrame } from './speakers-frame.ts';

/** The session that the media belongs to. */
export interface MediaOwner {
  readonly room: string;
  readonly participantId: string;
  readonly guard: SessionGuard;
  readonly rtpCapabilities: RtpCapabilities;
  /** What the client understands. */
  readonly features: readonly string[];
  readonly attached: boolean;
  readonly ended: boolean;
  /** The session ended here alone: another replica may have it, with its media. */
  readonly isKept: boolean;
  /** The newest media session is on another node, or on none as the session is over. */
  moved(from: string | undefined, to: string | undefined): void;
  /** The client is sent this media session next. */
  offered(offer: MediaOffer): void;
}

/** How a media session is opened. */
type How = Pick<OpenRequest, 'leaving' | 'survey' | 'prepared'>;

/** Between attempts to rebuild a lost media session. Doubles up to the second figure. */
const REBUILD_DELAY_MS = 100;
const REBUILD_DELAY_MAX_MS = 5_000;

/** Whether the media session is being replaced by another one. */
type Replacement =
  | { readonly name: 'idle' }
  | { readonly name: 'replacing' }
  /** The last attempt has failed. */
  | {
      readonly name: 'retrying';
      readonly reason: string;
      readonly delayMs: number;
      readonly timer: Timer;
    };

type MediaEventHandlers = {
  readonly [K in MediaEvent]: (session: SessionMedia, data: MediaEventData<K>) => void;
};

const IDLE: Replacement = { name: 'idle' };

export class SessionMedia {
  readonly sessions: MediaSessions;
  readonly mutes: Mutes;
  readonly view = new ClientView();
  readonly #owner: MediaOwner;
  readonly #queue: FrameQueue;
  readonly #context: SessionContext;
  /** Why media sessions are gone, by epoch. A node may report one as lost before it has answered `open`. */
  readonly #lost = new Map<number, string>();
  readonly #credentials: CredentialRenewal;
  #replacement: Replacement = IDLE;
  #opening: Promise<MediaOffer> | undefined;

  constructor(owner: MediaOwner, queue: FrameQueue, context: SessionContext) {
    this.#owner = owner;
    this.#queue = queue;
    this.#context = context;
    const { room, participantId } = owner;
    const { media, resources, drainGraceMs, log } = context;
    this.sessions = new MediaSessions({ room, participantId, media, resources, drainGraceMs });
    const send: MutesOptions['send'] = (params) => this.sessions.sendToAll('mute', params);
    this.mutes = new Mutes({ room, participantId, send, resources, log });
    this.#credentials = new CredentialRenewal({
      request: () => this.sessions.send('iceServers', { room, participantId }),
      onRenewed: (iceServers) => this.#publish('iceServers', iceServers),
      resources,
    });
  }

  /** The epoch of the media session that was last sent to the client; 0 before the first one. */
  get epoch(): number {
    return this.sessions.current?.epoch ?? 0;
  }

  /**
   * Opens a media session in place of the one before. The caller pauses the queue of frames meanwhile: a client
   * could not read events of a session that it does not have yet.
   */
  open(how: How = {}): Promise<MediaOffer> {
    // One at a time: two that are opened at once would close each other.
    this.#opening ??= this.#open(how).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** The media session that the client has, or is sent next. */
  adopt({ offer, nodeId, origin }: OpenedOnNode): void {
    if (this.#owner.ended) return;
    this.#owner.offered(offer);
    const before = this.sessions.current;
    // A rebuild that waits for its next attempt would replace the new session as well.
    if (before?.epoch !== offer.epoch) this.#stopRetry();
    this.sessions.adopt({ nodeId, origin, epoch: offer.epoch });
    if (before?.nodeId !== nodeId) this.#owner.moved(before?.nodeId, nodeId);
    this.#credentials.schedule(offer.iceServersExpireAt);
    this.#rebuildIfLost();
  }

  /** Opens another media session and sends it to the client, again and again until it works. */
  rebuild(reason: string, delayMs = REBUILD_DELAY_MS): void {
    if (this.#replacement.name === 'replacing' || this.#owner.ended) return;
    this.#replace(reason).catch((error) => {
      if (this.#owner.ended) return;
      this.#context.log.warn({ err: error, room: this.#owner.room }, 'media was not rebuilt yet');
      this.#retryLater(reason, delayMs);
    });
  }

  /**
   * Moves the media to another node. The session of before goes on until the client receives everything on the
   * new one.
   *
   * @returns false when that is not possible at the moment
   */
  async move(reason: string): Promise<boolean> {
    const leaving = this.sessions.current?.nodeId;
    const before = this.#replacement;
    if (before.name === 'replacing' || this.#owner.ended || leaving === undefined) return false;
    try {
      await this.#replace(reason, leaving);
      return true;
    } catch (err) {
      const { room } = this.#owner;
      this.#context.log.info({ err, room, reason }, 'media was not moved yet');
      // The rebuild that waited for its next attempt is still needed.
      if (before.name === 'retrying') this.#retryLater(before.reason, before.delayMs);
      return false;
    }
  }

  /** Sends the client its media session as the node has it: events of it may have been lost. */
  async refresh(): Promise<void> {
    const { room, participantId, attached } = this.#owner;
    const { current } = this.sessions;
    const isReplacing = this.#replacement.name === 'replacing';
    if (!current || !attached || isReplacing || this.#owner.ended) return;
    try {
      const what = { room, participantId, demand: understandsDemand(this.#owner) };
      const { offer } = await this.sessions.send('describe', what);
      if (this.#owner.ended || offer.epoch !== this.epoch) return;
      this.#owner.offered(offer);
      this.#publish('media', packed(offer, this.#owner.features));
    } catch (error) {
      const { code } = ParleyError.from(error);
      if (code === 'media_failed' && current === this.sessions.current) this.rebuild('missed');
    }
  }

  /** An event of the room's media that concerns all participants, or this one. */
  onEvent<K extends MediaEvent>(event: K, data: MediaEventData<K>): void {
    SessionMedia.#HANDLERS[event](this, data);
  }

  /** One table for all sessions. */
  static readonly #HANDLERS: MediaEventHandlers = {
    consumers: (session, { participantId: _, ...event }) =>
      session.#publish('consumers', packed(event, session.#owner.features)),
    consumersClosed: (session, { participantId: _, ...closed }) =>
      session.#publish('consumersClosed', closed),
    layers: (session, { participantId: _, epoch, ...layers }) => {
      // The client shows nothing of a session that it is leaving.
      if (epoch === session.epoch) session.#publish('layers', layers);
    },
    undecodable: (session, { participantId: _, ...track }) => {
      if (session.#owner.features.includes('takes')) session.#publish('undecodable', track);
    },
    // A session that the client is leaving has a demand too: the client sends on both.
    demand: (session, { participantId: _, ...demand }) => session.#publish('demand', demand),
    iceServers: (session, { participantId: _, epoch, ...iceServers }) => {
      if (epoch !== session.epoch) return;
      session.#publish('iceServers', iceServers);
      session.#credentials.schedule(iceServers.iceServersExpireAt);
    },
    transportEnded: (session, { participantId: _, ...ended }) => {
      // The client closes its end of a session that it is leaving.
      if (ended.epoch === session.epoch) session.#publish('transportEnded', ended);
    },
    speakers: (session, data) => {
      // Each node reports whom its participants can hear.
      if (data.origin !== session.sessions.current?.origin) return;
      session.#queue.send(speakersFrame(data));
    },
    voices: (session, { origin, ...voices }) => {
      if (origin === session.sessions.current?.origin) session.#publish('voices', voices);
    },
    heard: (session, { participantId: _, ...heard }) => session.#publish('heard', heard),
    missed: (session, { nodeId }) => {
      if (nodeId === session.sessions.current?.nodeId) void session.refresh();
    },
    lost: (session, { participants, reason }) => {
      for (const { participantId, epoch } of participants) {
        if (participantId === session.#owner.participantId) session.#lost.set(epoch, reason);
      }
      session.#rebuildIfLost();
    },
  };

  /** Nothing is renewed or rebuilt any more. */
  end(): void {
    this.#stopRetry();
    this.#credentials.close();
    this.sessions.end();
    this.#owner.moved(this.sessions.current?.nodeId, undefined);
    this.mutes.end();
  }

  #publish<K extends EventName>(event: K, payload: EventPayload<K>): void {
    this.#queue.send(eventFrame(event, payload));
  }

  async #replace(reason: string, leaving?: string): Promise<void> {
    this.#stopRetry();
    this.#replacement = { name: 'replacing' };
    this.#queue.pause();
    try {
      const offer = await this.open(leaving === undefined ? {} : { leaving });
      this.#context.metrics.mediaRebuilds.inc({ reason });
      this.#queue.sendFirst(eventFrame('media', packed(offer, this.#owner.features)));
    } finally {
      this.#replacement = IDLE;
      this.#queue.flush();
      this.#rebuildIfLost();
    }
  }

  async #open(how: How): Promise<MediaOffer> {
    const { media } = this.#context;
    const { room, participantId, guard, rtpCapabilities } = this.#owner;
    const before = this.sessions.current;
    try {
      const demand = understandsDemand(this.#owner);
      const after = before?.epoch ?? 0;
      const view = this.view.known;
      const client = { guard, rtpCapabilities, demand, view };
      const opened = await media.open({ room, ...client, after, ...how });
      if (this.#owner.ended) {
        const { epoch } = opened.offer;
        if (!this.#owner.isKept) await media.close(opened.nodeId, { room, participantId, epoch });
        throw new ParleyError('session_lost');
      }
      this.adopt(opened);
      return opened.offer;
    } catch (error) {
      if (before && !this.#owner.ended)
        void media.restorePlacement(room, participantId, before.nodeId);
      throw error;
    }
  }

  #rebuildIfLost(): void {
    const reason = this.#lost.get(this.epoch);
    const isReplacing = this.#replacement.name === 'replacing';
    if (isReplacing || this.#owner.ended || reason === undefined) return;
    this.#lost.clear();
    this.rebuild(reason);
  }

  #retryLater(reason: string, delayMs: number): void {
    // Another replacement has begun meanwhile. It retries by itself.
    if (this.#replacement.name !== 'idle' || this.#owner.ended) return;
    const timer = this.#context.resources.after(delayMs, () => {
      this.rebuild(reason, Math.min(delayMs * 2, REBUILD_DELAY_MAX_MS));
    });
    this.#replacement = { name: 'retrying', reason, delayMs, timer };
  }

  #stopRetry(): void {
    if (this.#replacement.name !== 'retrying') return;
    this.#replacement.timer.close();
    this.#replacement = IDLE;
  }
}

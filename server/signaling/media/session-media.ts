// The media of one session: opened, moved, rebuilt when it is lost, and described to its client.
import { ParleyError } from '../../../shared/errors.ts';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
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
import type { OpenedAt } from './media-client.ts';
import { MediaSessions } from './media-sessions.ts';
import { Mutes } from './mutes.ts';

/** The session that the media belongs to. */
export interface MediaOwner {
  readonly room: string;
  readonly participantId: string;
  readonly guard: SessionGuard;
  readonly rtpCapabilities: RtpCapabilities;
  readonly attached: boolean;
  readonly ended: boolean;
  /** It ended here alone: another replica may speak for it, and have its media. */
  readonly kept: boolean;
}

/** Credentials are renewed at this part of their life: late enough to be rare, early enough to retry. */
const RENEW_AT = 0.75;
/** Between attempts to rebuild a lost media session. Doubles up to the second figure. */
const REBUILD_DELAY_MS = 100;
const REBUILD_DELAY_MAX_MS = 5_000;
/** Between attempts to renew credentials when the media side does not answer. */
const RENEW_RETRY_MS = 5_000;
/** As long as any credentials last, and far below what a timer can be set to. */
const RENEW_LATEST_MS = 604_800_000;

export class SessionMedia {
  readonly sessions: MediaSessions;
  readonly mutes: Mutes;
  readonly #owner: MediaOwner;
  readonly #frames: FrameQueue;
  readonly #context: SessionContext;
  /** Why media sessions are gone, by epoch. The event may come before the answer that names the session. */
  readonly #lost = new Map<number, string>();
  #rebuilding = false;
  #opening: Promise<MediaOffer> | undefined;
  #renewal: Timer | undefined;
  #retry: Timer | undefined;

  constructor(owner: MediaOwner, frames: FrameQueue, context: SessionContext) {
    this.#owner = owner;
    this.#frames = frames;
    this.#context = context;
    const { room, participantId } = owner;
    const sessions = new MediaSessions(room, participantId, context);
    this.sessions = sessions;
    this.mutes = new Mutes({
      ...{ ...context, room, participantId },
      send: (params) => sessions.sendToAll('mute', params),
    });
  }

  /** Of the media session that the client has, or is about to get; 0 without one. */
  get epoch(): number {
    return this.sessions.current?.epoch ?? 0;
  }

  /**
   * Opens a media session in place of whatever there was. The caller holds events back meanwhile:
   * those of the new session mean nothing to a client that does not know it.
   */
  open(leaving?: string): Promise<MediaOffer> {
    // One at a time: of two that were opened at once, each would close the other.
    this.#opening ??= this.#open(leaving).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** This is the media session that the client has, or is about to get. */
  adopt({ offer, nodeId, origin }: OpenedAt): void {
    if (this.#owner.ended) return;
    this.sessions.adopt({ nodeId, origin, epoch: offer.epoch });
    this.#scheduleRenewal(offer.iceServersExpireAt);
    this.#rebuildIfLost();
  }

  /** Opens another media session for the client, again and again until it works. */
  rebuild(reason: string, delayMs = REBUILD_DELAY_MS): void {
    if (this.#rebuilding || this.#owner.ended) return;
    this.#retry?.close();
    this.#replace(reason).catch((error) => {
      if (this.#owner.ended) return;
      const { resources, log } = this.#context;
      log.warn({ err: error, room: this.#owner.room }, 'media was not rebuilt yet');
      const next = Math.min(delayMs * 2, REBUILD_DELAY_MAX_MS);
      this.#retry = resources.after(delayMs, () => this.rebuild(reason, next));
    });
  }

  /**
   * Moves the media to another node while the session of before goes on: the client lets it go when
   * everything has arrived on the new one.
   *
   * @returns false when that is not possible at the moment
   */
  async move(reason: string): Promise<boolean> {
    const leaving = this.sessions.current?.nodeId;
    if (this.#rebuilding || this.#owner.ended || leaving === undefined) return false;
    try {
      await this.#replace(reason, leaving);
      return true;
    } catch (err) {
      const { room } = this.#owner;
      this.#context.log.info({ err, room, reason }, 'media was not moved yet');
      return false;
    }
  }

  /** Sends the client its media session as the server has it: what differs was lost on the way. */
  async refresh(): Promise<void> {
    const { room, participantId, attached } = this.#owner;
    const place = this.sessions.current;
    if (!place || !attached || this.#rebuilding || this.#owner.ended) return;
    try {
      const { offer } = await this.sessions.send('describe', { room, participantId });
      if (this.#owner.ended || offer.epoch !== this.epoch) return;
      this.#frames.send(eventFrame('media', offer));
    } catch (error) {
      const { code } = ParleyError.from(error);
      if (code === 'media_failed' && place === this.sessions.current) this.rebuild('missed');
    }
  }

  /** An event of the room's media. Those that name another participant are none of ours. */
  onEvent<K extends MediaEvent>(event: K, data: MediaEventData<K>): void {
    const isAnothers = 'participantId' in data && data.participantId !== this.#owner.participantId;
    if (!isAnothers) this.#handlers[event](data);
  }

  readonly #handlers: { readonly [K in MediaEvent]: (data: MediaEventData<K>) => void } = {
    consumers: ({ epoch, consumers }) => this.#send('consumers', { epoch, consumers }),

    consumersClosed: ({ epoch, consumerIds }) =>
      this.#send('consumersClosed', { epoch, consumerIds }),

    layers: ({ epoch, trackId, spatialLayer }) => {
      // What arrives on a session that is being left says nothing of what is shown.
      if (epoch === this.epoch) this.#send('layers', { trackId, spatialLayer });
    },

    iceServers: ({ epoch, participantId: _, ...fresh }) => {
      if (epoch !== this.epoch) return;
      this.#send('iceServers', fresh);
      this.#scheduleRenewal(fresh.iceServersExpireAt);
    },

    speakers: ({ origin, speakers }) => {
      // Each router reports those whom its own participants can hear.
      if (origin === this.sessions.current?.origin) this.#send('speakers', { speakers });
    },

    missed: ({ nodeId }) => {
      if (nodeId === this.sessions.current?.nodeId) void this.refresh();
    },

    lost: ({ participants, reason }) => {
      for (const lost of participants) {
        if (lost.participantId === this.#owner.participantId) this.#lost.set(lost.epoch, reason);
      }
      this.#rebuildIfLost();
    },
  };

  /** Nothing is renewed or rebuilt any more. */
  end(): void {
    for (const timer of [this.#renewal, this.#retry]) timer?.close();
    this.sessions.end();
    this.mutes.end();
  }

  #send<K extends EventName>(event: K, payload: EventPayload<K>): void {
    this.#frames.send(eventFrame(event, payload));
  }

  async #replace(reason: string, leaving?: string): Promise<void> {
    this.#rebuilding = true;
    this.#frames.hold();
    try {
      const offer = await this.open(leaving);
      this.#context.metrics.mediaRebuilds.inc({ reason });
      this.#frames.sendFirst(eventFrame('media', offer));
    } finally {
      this.#rebuilding = false;
      this.#frames.flush();
      this.#rebuildIfLost();
    }
  }

  async #open(leaving?: string): Promise<MediaOffer> {
    const { media } = this.#context;
    const { room, participantId, guard, rtpCapabilities } = this.#owner;
    const before = this.sessions.current;
    try {
      const opened = await media.open({
        room,
        guard,
        rtpCapabilities,
        after: before?.epoch ?? 0,
        ...(leaving !== undefined && { leaving }),
      });
      if (this.#owner.ended) {
        const { epoch } = opened.offer;
        if (!this.#owner.kept) await media.close(opened.nodeId, { room, participantId, epoch });
        throw new ParleyError('session_lost');
      }
      this.adopt(opened);
      return opened.offer;
    } catch (error) {
      if (before && !this.#owner.ended) void media.undoMove(room, participantId, before.nodeId);
      throw error;
    }
  }

  #rebuildIfLost(): void {
    const reason = this.#lost.get(this.epoch);
    if (this.#rebuilding || this.#owner.ended || reason === undefined) return;
    this.#lost.clear();
    this.rebuild(reason);
  }

  #scheduleRenewal(expireAt: number | null): void {
    this.#renewal?.close();
    this.#renewal = undefined;
    if (expireAt === null) return;
    // The clock is another replica's, which may be off: never in a loop.
    const delayMs = Math.max((expireAt - Date.now()) * RENEW_AT, RENEW_RETRY_MS);
    this.#renewAfter(Math.min(delayMs, RENEW_LATEST_MS));
  }

  #renewAfter(delayMs: number): void {
    const renewal = this.#context.resources.after(delayMs, () => {
      const { room, participantId } = this.#owner;
      this.sessions.send('iceServers', { room, participantId }).then(
        (fresh) => {
          if (this.#owner.ended || this.#renewal !== renewal) return;
          this.#send('iceServers', fresh);
          this.#scheduleRenewal(fresh.iceServersExpireAt);
        },
        () => {
          // A newer media session has credentials, and a renewal, of its own.
          if (!this.#owner.ended && this.#renewal === renewal) this.#renewAfter(RENEW_RETRY_MS);
        },
      );
    });
    this.#renewal = renewal;
  }
}

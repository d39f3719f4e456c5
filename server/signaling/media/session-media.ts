// The media of one session: opened, moved, rebuilt when it is lost, and told to the client.
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
import { MediaPlaces } from './media-places.ts';
import { Mutes, type MutesOptions } from './mutes.ts';

/** Whose media it is. */
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
  readonly places: MediaPlaces;
  readonly mutes: Mutes;
  readonly #owner: MediaOwner;
  readonly #queue: FrameQueue;
  readonly #context: SessionContext;
  /** Media sessions that are gone, and why, by epoch; one may be lost before we were told that it exists. */
  readonly #lost = new Map<number, string>();
  #rebuilding = false;
  #opening: Promise<MediaOffer> | undefined;
  #renewal: Timer | undefined;
  #retry: Timer | undefined;

  constructor(owner: MediaOwner, queue: FrameQueue, context: SessionContext) {
    this.#owner = owner;
    this.#queue = queue;
    this.#context = context;
    const { room, participantId } = owner;
    this.places = new MediaPlaces(room, participantId, context);
    const send: MutesOptions['send'] = (params) => this.places.sendToAll('mute', params);
    this.mutes = new Mutes({ ...context, room, participantId, send });
  }

  /** Of the media session that the client was last told of. */
  get epoch(): number {
    return this.places.current?.epoch ?? 0;
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

  /** This is the media session the client has, or is about to be told of. */
  adopt({ offer, nodeId, origin }: OpenedAt): void {
    if (this.#owner.ended) return;
    this.places.adopt({ nodeId, origin, epoch: offer.epoch });
    this.#scheduleRenewal(offer.iceServersExpireAt);
    this.#rebuildIfLost();
  }

  /** Opens another media session and tells the client, again and again until it works. */
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
    const leaving = this.places.current?.nodeId;
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

  /** Tells the client how the server sees its media session: what differs was lost on the way. */
  async refresh(): Promise<void> {
    const { room, participantId, attached } = this.#owner;
    const place = this.places.current;
    if (!place || !attached || this.#rebuilding || this.#owner.ended) return;
    try {
      const { offer } = await this.places.send('describe', { room, participantId });
      if (this.#owner.ended || offer.epoch !== this.epoch) return;
      this.#queue.send(eventFrame('media', offer));
    } catch (error) {
      const { code } = ParleyError.from(error);
      if (code === 'media_failed' && place === this.places.current) this.rebuild('missed');
    }
  }

  onEvent<K extends MediaEvent>(event: K, data: MediaEventData<K>): void {
    const { participantId } = this.#owner;
    const { participantId: whose, origin, ...payload } = data as Record<string, unknown>;
    if (whose !== undefined && whose !== participantId) return;
    if (event === 'lost') {
      const { participants, reason } = data as MediaEventData<'lost'>;
      for (const lost of participants) {
        if (lost.participantId === participantId) this.#lost.set(lost.epoch, reason);
      }
      this.#rebuildIfLost();
    } else if (event === 'missed') {
      const { nodeId } = data as MediaEventData<'missed'>;
      if (nodeId === this.places.current?.nodeId) void this.refresh();
    } else if (event === 'speakers') {
      // Each router tells of those whom its own people can hear.
      if (origin === this.places.current?.origin) this.#tell('speakers', payload);
    } else if (event === 'iceServers') {
      const { epoch, ...fresh } = payload as Omit<MediaEventData<'iceServers'>, 'participantId'>;
      if (epoch !== this.epoch) return;
      this.#tell('iceServers', fresh);
      this.#scheduleRenewal(fresh.iceServersExpireAt);
    } else if (event === 'layers') {
      const { epoch, ...layers } = payload;
      // What arrives on a session that is being left says nothing of what is shown.
      if (epoch === this.epoch) this.#tell('layers', layers);
    } else {
      this.#tell(event as EventName, payload);
    }
  }

  /** Nothing is renewed or rebuilt any more. */
  end(): void {
    for (const timer of [this.#renewal, this.#retry]) timer?.close();
    this.places.end();
    this.mutes.end();
  }

  #tell<K extends EventName>(event: K, payload: Record<string, unknown>): void {
    this.#queue.send(eventFrame(event, payload as unknown as EventPayload<K>));
  }

  async #replace(reason: string, leaving?: string): Promise<void> {
    this.#rebuilding = true;
    this.#queue.pause();
    try {
      const offer = await this.open(leaving);
      this.#context.metrics.mediaRebuilds.inc({ reason });
      this.#queue.sendFirst(eventFrame('media', offer));
    } finally {
      this.#rebuilding = false;
      this.#queue.flush();
      this.#rebuildIfLost();
    }
  }

  async #open(leaving?: string): Promise<MediaOffer> {
    const { media } = this.#context;
    const { room, participantId, guard, rtpCapabilities } = this.#owner;
    const before = this.places.current;
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
      if (before && !this.#owner.ended) void media.stay(room, participantId, before.nodeId);
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
      this.places.send('iceServers', { room, participantId }).then(
        (fresh) => {
          if (this.#owner.ended || this.#renewal !== renewal) return;
          this.#tell('iceServers', fresh);
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

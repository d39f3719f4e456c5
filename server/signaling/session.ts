// One participant's session: it outlives its sockets, and its media sessions.
import { ParleyError } from '../../shared/errors.ts';
import {
  type EventName,
  type EventPayload,
  eventFrame,
  type MediaOffer,
} from '../../shared/protocol.ts';
import type { Participant, RoomOp, RoomPatch } from '../../shared/room.ts';
import type { RtpCapabilities } from '../../shared/rtp.ts';
import type { RoomStore, SessionGuard } from '../cluster/cluster.ts';
import type { MediaEvent, MediaEventData } from '../cluster/media-protocol.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Resources, Timer } from '../telemetry/resources.ts';
import type { Connection } from './connection.ts';
import type { MediaClient } from './media-client.ts';
import { Outbox } from './outbox.ts';
import type { RoomHub, RoomMember } from './room-hub.ts';
import { TokenBucket } from './token-bucket.ts';

export interface SessionContext {
  rooms: RoomStore;
  hub: RoomHub;
  media: MediaClient;
  limits: Config['limits'];
  timing: Config['timing'];
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

export interface SessionOptions {
  room: string;
  participant: Pick<Participant, 'id' | 'name' | 'role'>;
  /** As the room has it now. */
  online: boolean;
  rtpCapabilities: RtpCapabilities;
  /** Called once, when the session is over. */
  onClosed(session: Session): void;
}

export type SessionEnd = 'left' | 'expired' | 'removed' | 'replaced' | 'lost' | 'shutdown';

/** The error that tells the client why its session is over; absent where it knows. */
const END_ERRORS: Partial<Record<SessionEnd, ParleyError>> = {
  removed: new ParleyError('removed'),
  replaced: new ParleyError('session_replaced'),
  lost: new ParleyError('session_lost'),
  shutdown: new ParleyError('shutting_down'),
};

/** Credentials are renewed at this part of their life: late enough to be rare, early enough to retry. */
const RENEW_AT = 0.75;
/** Between attempts to rebuild a lost media session. Doubles up to the second figure. */
const REBUILD_DELAY_MS = 100;
const REBUILD_DELAY_MAX_MS = 5_000;
/** Between attempts to renew credentials when the media side does not answer. */
const RENEW_RETRY_MS = 5_000;

export class Session implements RoomMember {
  readonly room: string;
  readonly participant: SessionOptions['participant'];
  readonly chatBucket: TokenBucket;
  guard: SessionGuard;
  rtpCapabilities: RtpCapabilities;
  readonly #context: SessionContext;
  readonly #options: SessionOptions;
  readonly #release: () => void;
  readonly #outbox = new Outbox();
  #epoch = 0;
  /** Media sessions that are gone; one may be lost before we were told that it exists. */
  readonly #lost = new Set<number>();
  #rebuilding = false;
  #opening: Promise<MediaOffer> | undefined;
  #online: boolean;
  #grace: Timer | undefined;
  #renewal: Timer | undefined;
  #retry: Timer | undefined;
  #ended = false;

  constructor(options: SessionOptions, guard: SessionGuard, context: SessionContext) {
    this.room = options.room;
    this.participant = options.participant;
    this.rtpCapabilities = options.rtpCapabilities;
    this.guard = guard;
    this.#online = options.online;
    this.#options = options;
    this.#context = context;
    this.#release = context.resources.open('session');
    const { chatPerMinute } = context.limits;
    this.chatBucket = new TokenBucket(chatPerMinute / 60, chatPerMinute, performance.now());
  }

  get participantId(): string {
    return this.participant.id;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get context(): SessionContext {
    return this.#context;
  }

  /** The media session that the client was last told of. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * A socket speaks for this session from now on; an older one is told and closed. What happens is
   * held back until `flush`.
   */
  attach(connection: Connection): void {
    this.#grace?.close();
    const before = this.#outbox.connection;
    if (before !== connection) {
      before?.end(new ParleyError('session_replaced'), { reconnect: false });
    }
    this.#outbox.hold();
    this.#outbox.connection = connection;
  }

  /** The client was told the state, the room's up to `version`: what came after it follows now. */
  flush(version?: number): void {
    this.#outbox.flush(version);
  }

  /** The socket is gone: the place in the call is kept for the grace period, media running. */
  detach(connection: Connection): void {
    if (this.#ended || this.#outbox.connection !== connection) return;
    this.#outbox.connection = undefined;
    const { resources, timing } = this.#context;
    this.#grace = resources.after(timing.gracePeriodMs, () => this.end('expired'));
    void this.#commitPresence(false);
  }

  /** After a resume: others see the participant as present again. */
  present(): Promise<void> {
    return this.#commitPresence(true);
  }

  async commit(ops: readonly RoomOp[]): Promise<RoomPatch> {
    if (this.#ended) throw new ParleyError('session_lost');
    const { rooms, limits } = this.#context;
    try {
      return await rooms.commit(this.room, this.guard, ops, limits);
    } catch (error) {
      if (ParleyError.from(error).code === 'session_replaced') this.end('replaced');
      throw error;
    }
  }

  /**
   * Opens a media session in place of whatever there was. The caller holds events back meanwhile:
   * those of the new session mean nothing to a client that does not know it.
   */
  openMedia(): Promise<MediaOffer> {
    // One at a time: of two that were opened at once, each would close the other.
    this.#opening ??= this.#openMedia().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** This is the media session the client has, or is about to be told of. */
  adopt(offer: MediaOffer): void {
    if (this.#ended) return;
    this.#epoch = offer.epoch;
    this.#scheduleRenewal(offer.iceServersExpireAt);
    this.#rebuildIfLost();
  }

  onPatch(patch: RoomPatch, frame: string): void {
    const left = patch.ops.some(
      (op) => op.op === 'leave' && op.participantId === this.participantId,
    );
    // We said that it is away, so somebody else said that it is back.
    const taken = patch.ops.some(
      (op) => op.op === 'presence' && op.participantId === this.participantId && op.online,
    );
    if (left) this.end('removed');
    else if (taken && !this.#online) this.end('replaced');
    else this.#outbox.send(frame, patch.version);
  }

  onMediaEvent<K extends MediaEvent>(event: K, data: MediaEventData<K>): void {
    if ('participantId' in data && data.participantId !== this.participantId) return;
    if (event === 'lost') {
      const { participants } = data as MediaEventData<'lost'>;
      const ours = participants.find(({ participantId }) => participantId === this.participantId);
      if (ours) this.#lost.add(ours.epoch);
      this.#rebuildIfLost();
      return;
    }
    const { participantId: _, ...payload } = data as { participantId?: string };
    const name = event as EventName;
    this.#outbox.send(eventFrame(name, payload as EventPayload<typeof name>));
  }

  /** The session is over. Idempotent. */
  end(reason: SessionEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    const { hub, metrics, log } = this.#context;
    for (const timer of [this.#grace, this.#renewal, this.#retry]) timer?.close();
    hub.remove(this.room, this);
    metrics.sessions.inc({ event: reason });
    log.info({ room: this.room, participantId: this.participantId, reason }, 'session ended');
    const error = END_ERRORS[reason];
    if (error) this.#outbox.connection?.end(error, { reconnect: reason === 'shutdown' });
    this.#outbox.connection = undefined;
    // Replaced: another replica speaks for it now. Shutdown: another one may claim it.
    if (reason !== 'replaced' && reason !== 'shutdown') {
      this.#giveUp(reason).catch((err) => {
        log.error({ err, room: this.room }, 'a session was not released');
      });
    }
    this.#release();
    this.#options.onClosed(this);
  }

  async #openMedia(): Promise<MediaOffer> {
    const { media } = this.#context;
    const { room, participantId } = this;
    const { offer, nodeId } = await media.open(room, participantId, this.rtpCapabilities);
    if (this.#ended) {
      await media.close(nodeId, room, participantId);
      throw new ParleyError('session_lost');
    }
    this.adopt(offer);
    return offer;
  }

  /** Leaves the room and closes its media, unless another replica has taken the session over. */
  async #giveUp(reason: SessionEnd): Promise<void> {
    const { rooms, media } = this.#context;
    const { room, participantId } = this;
    // Asked first: with its last participant the room forgets where its media was.
    const placement = await rooms.placement(room);
    const wasOurs = await rooms.release(room, this.guard);
    // Whoever was removed by a host is released already.
    const isOver = wasOurs || reason === 'removed';
    if (placement && isOver) await media.close(placement.nodeId, room, participantId);
  }

  async #commitPresence(online: boolean): Promise<void> {
    if (online === this.#online) return;
    this.#online = online;
    const { participantId } = this;
    await this.commit([{ op: 'presence', participantId, online }]).catch((error) => {
      this.#context.log.debug({ err: error, participantId }, 'presence was not committed');
    });
  }

  /** Opens another media session and tells the client, again and again until it works. */
  rebuildMedia(reason: string, delayMs = REBUILD_DELAY_MS): void {
    if (this.#rebuilding) return;
    this.#rebuilding = true;
    this.#retry?.close();
    this.#context.metrics.mediaRebuilds.inc({ reason });
    this.#outbox.hold();
    this.openMedia()
      .then(
        (offer) => this.#outbox.sendFirst(eventFrame('media', offer)),
        (error) => {
          if (this.#ended) return;
          this.#context.log.warn({ err: error, room: this.room }, 'media was not rebuilt yet');
          const next = Math.min(delayMs * 2, REBUILD_DELAY_MAX_MS);
          this.#retry = this.#context.resources.after(delayMs, () =>
            this.rebuildMedia(reason, next),
          );
        },
      )
      .finally(() => {
        this.#rebuilding = false;
        this.#outbox.flush();
        this.#rebuildIfLost();
      });
  }

  #rebuildIfLost(): void {
    if (this.#rebuilding || this.#ended || !this.#lost.has(this.#epoch)) return;
    this.#lost.clear();
    this.rebuildMedia('worker_died');
  }

  #scheduleRenewal(expireAt: number | null): void {
    this.#renewal?.close();
    if (expireAt === null) return;
    this.#renewAfter((expireAt - Date.now()) * RENEW_AT);
  }

  #renewAfter(delayMs: number): void {
    const { resources, media } = this.#context;
    this.#renewal = resources.after(delayMs, () => {
      const { room, participantId } = this;
      media.send('iceServers', { room, participantId }).then(
        (fresh) => {
          if (this.#ended) return;
          this.#outbox.send(eventFrame('iceServers', fresh));
          this.#scheduleRenewal(fresh.iceServersExpireAt);
        },
        () => {
          if (!this.#ended) this.#renewAfter(RENEW_RETRY_MS);
        },
      );
    });
  }
}

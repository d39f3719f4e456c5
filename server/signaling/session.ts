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
import type { HeldSession, RoomStore, SessionGuard } from '../cluster/cluster.ts';
import type { MediaEvent, MediaEventData } from '../cluster/media-protocol.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Resources, Timer } from '../telemetry/resources.ts';
import type { Connection } from './connection.ts';
import type { MediaClient, OpenedAt } from './media-client.ts';
import { MediaPlaces } from './media-places.ts';
import { Outbox } from './outbox.ts';
import type { RoomHub, RoomMember } from './room-hub.ts';
import type { SessionKeeper } from './session-keeper.ts';
import { TokenBucket } from './token-bucket.ts';

export interface SessionContext {
  rooms: RoomStore;
  hub: RoomHub;
  media: MediaClient;
  keeper: SessionKeeper;
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
  /** Of the secret that resumes it. */
  resumeHash: string;
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
  /** Whether the store knows it: it is made before it is admitted, to miss nothing. */
  admitted = false;
  readonly #context: SessionContext;
  readonly #options: SessionOptions;
  readonly #release: () => void;
  readonly #outbox = new Outbox();
  readonly #places: MediaPlaces;
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
    this.#places = new MediaPlaces(options.room, options.participant.id, context);
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
    return this.#places.current?.epoch ?? 0;
  }

  /** Where its media is. */
  get places(): MediaPlaces {
    return this.#places;
  }

  /** Whether a socket speaks for it at the moment. */
  get attached(): boolean {
    return this.#outbox.connection !== undefined;
  }

  /** What a store that lost its memory has to be told. */
  get held(): HeldSession {
    const { guard } = this;
    const { resumeHash } = this.#options;
    return { guard, resumeHash, nodeId: this.#places.current?.nodeId };
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
    const commit = () => rooms.commit(this.room, this.guard, ops, limits);
    try {
      return await commit();
    } catch (error) {
      const { code } = ParleyError.from(error);
      if (code === 'session_replaced') this.end('replaced');
      // A store that lost its memory is told of the room, and then of this.
      const isBack = code === 'session_lost' && (await this.#context.keeper.recover(this.room));
      if (!isBack || this.#ended) throw error;
      return await commit();
    }
  }

  /**
   * Opens a media session in place of whatever there was. The caller holds events back meanwhile:
   * those of the new session mean nothing to a client that does not know it.
   */
  openMedia(leaving?: string): Promise<MediaOffer> {
    // One at a time: of two that were opened at once, each would close the other.
    this.#opening ??= this.#openMedia(leaving).finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  /** This is the media session the client has, or is about to be told of. */
  adopt({ offer, nodeId, origin }: OpenedAt): void {
    if (this.#ended) return;
    this.#places.adopt({ nodeId, origin, epoch: offer.epoch });
    this.#scheduleRenewal(offer.iceServersExpireAt);
    this.#rebuildIfLost();
  }

  /** Tells the client how the server sees its media session: what differs was lost on the way. */
  async refreshMedia(): Promise<void> {
    const { media } = this.#context;
    const place = this.#places.current;
    if (!place || !this.attached || this.#rebuilding || this.#ended) return;
    const { room, participantId } = this;
    try {
      const opened = await media.send(place.nodeId, 'describe', { room, participantId });
      if (this.#ended || opened.offer.epoch !== this.epoch) return;
      this.#outbox.send(eventFrame('media', opened.offer));
    } catch (error) {
      const { code } = ParleyError.from(error);
      if (code === 'media_failed' && place === this.#places.current) this.rebuildMedia('missed');
    }
  }

  onPatch(patch: RoomPatch, frame: string): void {
    const left = patch.ops.some(
      (op) => op.op === 'leave' && op.participantId === this.participantId,
    );
    // We said that it is away, so somebody else said that it is back.
    const taken = patch.ops.some(
      (op) => op.op === 'presence' && op.participantId === this.participantId && op.online,
    );
    // By a host, or because its lease ran out: the store knows.
    if (left) void this.#context.keeper.check(this.room);
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
    if (event === 'missed') {
      const { nodeId } = data as MediaEventData<'missed'>;
      if (nodeId === this.#places.current?.nodeId) void this.refreshMedia();
      return;
    }
    if (event === 'speakers') {
      const { origin } = data as MediaEventData<'speakers'>;
      // Each router tells of those whom its own people can hear.
      if (origin !== this.#places.current?.origin) return;
    }
    const { participantId: _, origin: __, ...payload } = data as Record<string, unknown>;
    if (event === 'layers') {
      // What arrives on a session that is being left says nothing of what is shown.
      if (payload.epoch !== this.epoch) return;
      delete payload.epoch;
    }
    const name = event as EventName;
    this.#outbox.send(eventFrame(name, payload as unknown as EventPayload<typeof name>));
  }

  /** The session is over. Idempotent. */
  end(reason: SessionEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    const { hub, metrics, log } = this.#context;
    for (const timer of [this.#grace, this.#renewal, this.#retry]) timer?.close();
    this.#places.end();
    hub.remove(this.room, this);
    metrics.sessions.inc({ event: reason });
    log.info({ room: this.room, participantId: this.participantId, reason }, 'session ended');
    const error = END_ERRORS[reason];
    if (error) this.#outbox.connection?.end(error, { reconnect: reason === 'shutdown' });
    this.#outbox.connection = undefined;
    // Replaced: another replica speaks for it now. Shutdown: another one may claim it.
    if (reason !== 'replaced' && reason !== 'shutdown') {
      const givenUp = this.#giveUp(reason).catch((err) => {
        log.error({ err, room: this.room }, 'a session was not released');
      });
      this.#context.keeper.finish(givenUp);
    }
    this.#release();
    this.#options.onClosed(this);
  }

  async #openMedia(leaving?: string): Promise<MediaOffer> {
    const { media } = this.#context;
    const { room, participantId, guard, rtpCapabilities } = this;
    const before = this.#places.current;
    try {
      const opened = await media.open({
        room,
        guard,
        rtpCapabilities,
        after: before?.epoch ?? 0,
        ...(leaving !== undefined && { leaving }),
      });
      if (this.#ended) {
        const { epoch } = opened.offer;
        await media.close(opened.nodeId, { room, participantId, epoch });
        throw new ParleyError('session_lost');
      }
      this.adopt(opened);
      return opened.offer;
    } catch (error) {
      if (before && !this.#ended) void media.stay(room, participantId, before.nodeId);
      throw error;
    }
  }

  /** Leaves the room and closes its media, unless another replica has taken the session over. */
  async #giveUp(reason: SessionEnd): Promise<void> {
    const wasOurs = await this.#context.keeper.release(this.room, this.guard);
    // Whoever was removed by a host is released already.
    if (wasOurs || reason === 'removed' || reason === 'lost') await this.#places.closeAll();
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
    if (this.#rebuilding || this.#ended) return;
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

  /**
   * Moves the media to another node while the session of before goes on: the client lets it go when
   * everything has arrived on the new one.
   *
   * @returns false when that is not possible at the moment
   */
  async moveMedia(reason: string): Promise<boolean> {
    const leaving = this.#places.current?.nodeId;
    if (this.#rebuilding || this.#ended || leaving === undefined) return false;
    this.#rebuilding = true;
    this.#outbox.hold();
    try {
      const offer = await this.openMedia(leaving);
      this.#context.metrics.mediaRebuilds.inc({ reason });
      this.#outbox.sendFirst(eventFrame('media', offer));
      return true;
    } catch (err) {
      this.#context.log.info({ err, room: this.room, reason }, 'media was not moved yet');
      return false;
    } finally {
      this.#rebuilding = false;
      this.#outbox.flush();
      this.#rebuildIfLost();
    }
  }

  #rebuildIfLost(): void {
    if (this.#rebuilding || this.#ended || !this.#lost.has(this.epoch)) return;
    this.#lost.clear();
    this.rebuildMedia('worker_died');
  }

  #scheduleRenewal(expireAt: number | null): void {
    this.#renewal?.close();
    if (expireAt === null) return;
    this.#renewAfter((expireAt - Date.now()) * RENEW_AT);
  }

  #renewAfter(delayMs: number): void {
    const { resources } = this.#context;
    this.#renewal = resources.after(delayMs, () => {
      const { room, participantId } = this;
      this.#places.send('iceServers', { room, participantId }).then(
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

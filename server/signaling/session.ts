// One participant's session: it outlives its sockets, and its media sessions.
import { ParleyError } from '../../shared/errors.ts';
import type { EventName, EventPayload, MediaOffer } from '../../shared/protocol.ts';
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

interface HeldFrame {
  /** Of the patch it carries. */
  version: number | undefined;
  frame: string;
}

export class Session implements RoomMember {
  readonly room: string;
  readonly participant: SessionOptions['participant'];
  readonly chatBucket: TokenBucket;
  guard: SessionGuard;
  rtpCapabilities: RtpCapabilities;
  readonly #context: SessionContext;
  readonly #options: SessionOptions;
  readonly #release: () => void;
  #connection: Connection | undefined;
  /** What happens between the state that an answer carries and that answer: sent right after it. */
  #held: HeldFrame[] | undefined = [];
  #epoch = 0;
  #online = true;
  #grace: Timer | undefined;
  #renewal: Timer | undefined;
  #rebuild: Timer | undefined;
  #ended = false;

  constructor(options: SessionOptions, guard: SessionGuard, context: SessionContext) {
    this.room = options.room;
    this.participant = options.participant;
    this.rtpCapabilities = options.rtpCapabilities;
    this.guard = guard;
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

  /** A socket speaks for this session from now on; an older one is told and closed. */
  attach(connection: Connection): void {
    this.#grace?.close();
    this.#held = [];
    if (this.#connection && this.#connection !== connection) {
      this.#connection.end(new ParleyError('session_replaced'), { reconnect: false });
    }
    this.#connection = connection;
  }

  /** The answer with the state up to `version` was sent: what came after it follows now. */
  flush(version: number): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const { version: of, frame } of held) {
      if (of === undefined || of > version) this.#connection?.send(frame);
    }
  }

  /** The socket is gone: the place in the call is kept for the grace period, media running. */
  detach(connection: Connection): void {
    if (this.#ended || this.#connection !== connection) return;
    this.#connection = undefined;
    this.#held = [];
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
    return this.#context.rooms.commit(this.room, this.guard, ops, this.#context.limits);
  }

  /** Opens a media session in place of whatever there was. */
  async openMedia(): Promise<MediaOffer> {
    const { media } = this.#context;
    const offer = await media.open(this.room, this.participantId, this.rtpCapabilities);
    if (this.#ended) {
      this.#closeMedia();
      throw new ParleyError('session_lost');
    }
    this.adopt(offer);
    return offer;
  }

  /** This is the media session the client has, or is about to be told of. */
  adopt(offer: MediaOffer): void {
    this.#epoch = offer.epoch;
    this.#scheduleRenewal(offer.iceServersExpireAt);
  }

  onPatch(patch: RoomPatch, frame: string): void {
    const left = patch.ops.some(
      (op) => op.op === 'leave' && op.participantId === this.participantId,
    );
    if (left) this.end('removed');
    else this.#send({ version: patch.version, frame });
  }

  onMediaEvent<K extends MediaEvent>(event: K, data: MediaEventData<K>): void {
    if ('participantId' in data && data.participantId !== this.participantId) return;
    if (event === 'lost') {
      const { participants, reason } = data as MediaEventData<'lost'>;
      const ours = participants.find(({ participantId }) => participantId === this.participantId);
      if (ours?.epoch === this.#epoch) this.#rebuildMedia(reason, REBUILD_DELAY_MS);
      return;
    }
    const { participantId: _, ...payload } = data as { participantId?: string };
    this.sendEvent(event as EventName, payload as EventPayload<EventName>);
  }

  sendEvent<K extends EventName>(event: K, data: EventPayload<K>): void {
    this.#send({ version: undefined, frame: JSON.stringify({ event, data }) });
  }

  /** The session is over. Idempotent. */
  end(reason: SessionEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    const { hub, metrics, log } = this.#context;
    for (const timer of [this.#grace, this.#renewal, this.#rebuild]) timer?.close();
    hub.remove(this.room, this);
    metrics.sessions.inc({ event: reason });
    log.info({ room: this.room, participantId: this.participantId, reason }, 'session ended');
    const error = END_ERRORS[reason];
    if (error) this.#connection?.end(error, { reconnect: reason === 'shutdown' });
    this.#connection = undefined;
    // Replaced: another replica speaks for it now. Shutdown: another one may claim it.
    if (reason !== 'replaced' && reason !== 'shutdown') {
      this.#closeMedia();
      this.#context.rooms.release(this.room, this.guard).catch((err) => {
        log.error({ err, room: this.room }, 'a session was not released');
      });
    }
    this.#release();
    this.#options.onClosed(this);
  }

  #send(held: HeldFrame): void {
    if (this.#held) {
      // A detached session is told the whole state when it comes back: nothing is kept for it.
      if (this.#connection) this.#held.push(held);
    } else {
      this.#connection?.send(held.frame);
    }
  }

  #closeMedia(): void {
    const { room, participantId } = this;
    this.#context.media.send('close', { room, participantId }).catch((err) => {
      // A node that is gone has closed it already.
      this.#context.log.debug({ err, room, participantId }, 'media was not closed');
    });
  }

  async #commitPresence(online: boolean): Promise<void> {
    if (online === this.#online) return;
    this.#online = online;
    const { participantId } = this;
    await this.commit([{ op: 'presence', participantId, online }]).catch((error) => {
      this.#context.log.debug({ err: error, participantId }, 'presence was not committed');
    });
  }

  #rebuildMedia(reason: string, delayMs: number): void {
    this.#context.metrics.mediaRebuilds.inc({ reason });
    this.openMedia().then(
      (offer) => this.sendEvent('media', offer),
      (error) => {
        if (this.#ended) return;
        this.#context.log.warn({ err: error, room: this.room }, 'media was not rebuilt yet');
        const next = Math.min(delayMs * 2, REBUILD_DELAY_MAX_MS);
        this.#rebuild = this.#context.resources.after(delayMs, () =>
          this.#rebuildMedia(reason, next),
        );
      },
    );
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
          this.sendEvent('iceServers', fresh);
          this.#scheduleRenewal(fresh.iceServersExpireAt);
        },
        () => {
          if (!this.#ended) this.#renewAfter(RENEW_RETRY_MS);
        },
      );
    });
  }
}

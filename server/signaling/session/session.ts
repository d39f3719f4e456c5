// One participant's session: it outlives its sockets, and its media sessions.
import { ParleyError } from '../../../shared/errors.ts';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import type { Rejoin } from '../../../shared/protocol/protocol.ts';
import type { RoomOp, RoomPatch } from '../../../shared/room/operations.ts';
import type { Participant } from '../../../shared/room/room.ts';
import type { HeldSession, SessionGuard } from '../../cluster/cluster.ts';
import type { MediaEvent, MediaEventData } from '../../cluster/messages/media.ts';
import type { Timer } from '../../telemetry/resources.ts';
import { SessionMedia } from '../media/session-media.ts';
import type { Connection } from '../socket/connection.ts';
import { Outbox } from '../socket/frame-queue.ts';
import { Budgets } from './budgets.ts';
import type { SessionContext } from './context.ts';
import { Presence } from './presence.ts';
import type { RoomMember } from './room-hub.ts';

export interface SessionOptions {
  room: string;
  participant: Pick<Participant, 'id' | 'name' | 'role'>;
  /** As the room has it now. */
  online: boolean;
  resumable: boolean;
  rtpCapabilities: RtpCapabilities;
  /** Of the secret that resumes it. */
  resumeHash: string;
  /** What lets nobody in any more when a host removes the participant; not known of another replica's. */
  ends: readonly string[];
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

export class Session implements RoomMember {
  readonly room: string;
  readonly participant: SessionOptions['participant'];
  readonly budgets: Budgets;
  readonly media: SessionMedia;
  guard: SessionGuard;
  rtpCapabilities: RtpCapabilities;
  /** Whether the store knows it: it is made before it is admitted, to miss nothing. */
  admitted = false;
  /** Whether the client has what resumes it: before the answer of its join it does not. */
  resumable: boolean;
  readonly #context: SessionContext;
  readonly #options: SessionOptions;
  readonly #release: () => void;
  readonly #outbox = new Outbox();
  readonly #presence: Presence;
  #grace: Timer | undefined;
  #ended = false;
  #kept = false;
  /** A resume at this replica that is under way. */
  #claiming: Promise<void> | undefined;

  constructor(options: SessionOptions, guard: SessionGuard, context: SessionContext) {
    this.room = options.room;
    this.participant = options.participant;
    this.rtpCapabilities = options.rtpCapabilities;
    this.guard = guard;
    this.resumable = options.resumable;
    this.#options = options;
    this.#context = context;
    this.#release = context.resources.open('session');
    const { resources, log } = context;
    this.#presence = new Presence({
      online: options.online,
      commit: (online) =>
        this.commit([{ op: 'presence', participantId: this.participantId, online }]),
      ...{ resources, log },
    });
    this.media = new SessionMedia(this, this.#outbox, context);
    this.budgets = new Budgets(context.limits);
  }

  get participantId(): string {
    return this.participant.id;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Ended here, while its participant stays in the room: another replica may have it. */
  get kept(): boolean {
    return this.#kept;
  }

  get context(): SessionContext {
    return this.#context;
  }

  /** Whether a socket speaks for it at the moment. */
  get attached(): boolean {
    return this.#outbox.connection !== undefined;
  }

  /** What a store that lost its memory has to be told. */
  get held(): HeldSession {
    const { guard } = this;
    const { resumeHash } = this.#options;
    return { guard, resumeHash, nodeId: this.media.places.current?.nodeId };
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

  /** Whether the fence is about to rise, or has risen, by a claim of this replica. */
  get claiming(): boolean {
    return this.#claiming !== undefined;
  }

  /** A resume at this replica claims the session: its guard is the new one as soon as that is known. */
  claimedBy(claim: Promise<SessionGuard>): void {
    const claiming = claim
      .then(
        (guard) => {
          if (guard.fence > this.guard.fence + 1) this.#presence.forget();
          this.guard = guard;
        },
        () => {},
      )
      .finally(() => {
        if (this.#claiming === claiming) this.#claiming = undefined;
      });
    this.#claiming = claiming;
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
    void this.#presence.say(false);
  }

  /** After a resume: others see the participant as present again. */
  present(): Promise<void> {
    return this.#presence.say(true);
  }

  get #mark() {
    return { participantId: this.participantId, ends: this.#options.ends };
  }

  /** What brings its participant back after a restart; nothing where rooms are open. */
  async rejoin(): Promise<{ rejoin?: Rejoin }> {
    const { tokens, log } = this.#context;
    const { name, role } = this.participant;
    // A store that is away costs nobody the call.
    const minted = tokens?.mintRejoin({ room: this.room, name, role }, this.#mark).catch((err) => {
      log.debug({ err, room: this.room }, 'no rejoin token was minted');
      return undefined;
    });
    const rejoin = await minted;
    return rejoin ? { rejoin } : {};
  }

  async commit(ops: readonly RoomOp[]): Promise<RoomPatch> {
    if (this.#ended) throw new ParleyError('session_lost');
    const { rooms, limits } = this.#context;
    const { guard } = this;
    const commit = () => rooms.commit(this.room, this.guard, ops, limits);
    try {
      return await commit();
    } catch (error) {
      const { code } = ParleyError.from(error);
      if (code === 'session_replaced') {
        // A claim of this replica raises the fence too: what the old socket asked for meanwhile is
        // refused, and says nothing about the session.
        await this.#claiming;
        if (this.guard === guard) this.end('replaced');
      }
      // A store that lost its memory is told of the room, and then of this.
      const isBack = code === 'session_lost' && (await this.#context.keeper.recover(this.room));
      if (!isBack || this.#ended) throw error;
      return await commit();
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
    // Removed by a host, its lease ran out, or another replica has it: the store knows. Being present
    // again may also be an older word of our own.
    if (left || (taken && !this.#presence.online)) void this.#context.keeper.check(this.room);
    if (!left) this.#outbox.send(frame, patch.version);
    for (const op of patch.ops) {
      // Whoever said it, and whether they heard the answer: it is the media of this session.
      if (op.op === 'mute' && this.#owns(op.trackId)) {
        void this.media.mutes.say(op.trackId, op.muted, patch.version);
      }
    }
  }

  #owns(trackId: string): boolean {
    const tracks = this.#context.hub.known(this.room)?.tracks ?? [];
    return tracks.some(
      ({ id, participantId }) => id === trackId && participantId === this.participantId,
    );
  }

  onMediaEvent<K extends MediaEvent>(event: K, data: MediaEventData<K>): void {
    this.media.onEvent(event, data);
  }

  /** The session is over. Idempotent. */
  end(reason: SessionEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    // Replaced: another replica speaks for it now. Shutdown: another one may claim it, if the client
    // can ask for that; else the participant would stay in the room as a ghost.
    this.#kept = reason === 'replaced' || (reason === 'shutdown' && this.resumable);
    const { hub, metrics, log } = this.#context;
    this.#grace?.close();
    this.#presence.close();
    this.media.end();
    hub.remove(this.room, this);
    metrics.sessions.inc({ event: reason });
    log.info({ room: this.room, participantId: this.participantId, reason }, 'session ended');
    const error = END_ERRORS[reason];
    if (error) this.#outbox.connection?.end(error, { reconnect: reason === 'shutdown' });
    this.#outbox.connection = undefined;
    if (!this.#kept) {
      const givenUp = this.#giveUp(reason).catch((err) => {
        log.error({ err, room: this.room }, 'a session was not released');
      });
      this.#context.keeper.finish(givenUp);
    }
    this.#release();
    this.#options.onClosed(this);
  }

  /** Leaves the room and closes its media, unless another replica has taken the session over. */
  async #giveUp(reason: SessionEnd): Promise<void> {
    const wasOurs = await this.#context.keeper.release(this.room, this.guard);
    // A participant whom a host removed is released already. So is one whose release was done, though
    // its answer was lost: then the store has no such session, and the media is nobody else's.
    const isOver =
      wasOurs ||
      reason === 'removed' ||
      reason === 'lost' ||
      (await this.#context.keeper.isGone(this.room, this.guard));
    if (isOver) await this.media.places.closeAll();
  }
}

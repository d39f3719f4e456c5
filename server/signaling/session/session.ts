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
import { FrameQueue } from '../socket/frame-queue.ts';
import { Budgets } from './budgets.ts';
import type { SessionContext } from './context.ts';
import { Presence } from './presence.ts';
import type { RoomMember } from './room-hub.ts';
import { SessionFence } from './session-fence.ts';
import {
  END_ERRORS,
  isInStore,
  isResumable,
  mayFollow,
  type SessionEnd,
  type SessionState,
  socketOf,
} from './session-state.ts';

export interface SessionOptions {
  room: string;
  participant: Pick<Participant, 'id' | 'name' | 'role'>;
  /** As the room has it now. */
  online: boolean;
  guard: SessionGuard;
  /** Without one it was claimed from another replica, and `attach` follows. */
  joining?: Connection;
  rtpCapabilities: RtpCapabilities;
  /** Of the secret that resumes it. */
  resumeHash: string;
  /** What lets nobody in any more when a host removes the participant; not known of another replica's. */
  ends: readonly string[];
  /** Called once, when the session is over. */
  onClosed(session: Session): void;
}

export class Session implements RoomMember {
  readonly room: string;
  readonly participant: SessionOptions['participant'];
  readonly context: SessionContext;
  readonly budgets: Budgets;
  readonly fence: SessionFence;
  readonly media: SessionMedia;
  rtpCapabilities: RtpCapabilities;
  readonly #options: SessionOptions;
  readonly #release: () => void;
  readonly #frames = new FrameQueue();
  readonly #presence: Presence;
  #state: SessionState<Connection, Timer>;

  constructor(options: SessionOptions, context: SessionContext) {
    this.room = options.room;
    this.participant = options.participant;
    this.context = context;
    this.rtpCapabilities = options.rtpCapabilities;
    this.fence = new SessionFence(options.guard, () => this.#presence.forget());
    this.#options = options;
    this.#release = context.resources.open('session');
    this.media = new SessionMedia(this, this.#frames, context);
    this.budgets = new Budgets(context.limits);
    this.#presence = new Presence({
      ...context,
      online: options.online,
      commit: (online) =>
        this.commit([{ op: 'presence', participantId: this.participantId, online }]),
    });
    this.#state = { is: 'claimed' };
    if (options.joining) {
      this.#state = { is: 'joining', socket: options.joining };
      this.#speakThrough(options.joining);
    }
  }

  get participantId(): string {
    return this.participant.id;
  }

  get guard(): SessionGuard {
    return this.fence.guard;
  }

  get ended(): boolean {
    return this.#state.is === 'ended';
  }

  get kept(): boolean {
    return this.#state.is === 'ended' && this.#state.kept;
  }

  get inStore(): boolean {
    return isInStore(this.#state);
  }

  /** Whether a socket speaks for it at the moment. */
  get attached(): boolean {
    return socketOf(this.#state) !== undefined;
  }

  /** What puts it back into a store that lost its memory. */
  get held(): HeldSession {
    const { guard } = this;
    const { resumeHash } = this.#options;
    return { guard, resumeHash, nodeId: this.media.sessions.current?.nodeId };
  }

  /**
   * The store has it now.
   * @throws ParleyError `shutting_down` when it ended meanwhile, before there was anything to release
   */
  admit(): void {
    if (this.#state.is !== 'joining') throw this.#ending;
    this.#become({ is: 'admitted', socket: this.#state.socket });
  }

  /** The answer of its join, with the room up to `version`, is on its way. What came after it follows. */
  answered(version: number): void {
    if (this.#state.is === 'admitted') {
      this.#become({ is: 'attached', socket: this.#state.socket });
    }
    this.flush(version);
  }

  /**
   * A socket speaks for this session from now on. An older one gets `bye`. Frames wait until `flush`.
   * @throws ParleyError when it ended meanwhile
   */
  attach(socket: Connection): void {
    if (this.#state.is === 'ended') throw this.#ending;
    const before = socketOf(this.#state);
    if (before !== socket) {
      before?.end(new ParleyError('session_replaced'), { reconnect: false });
    }
    this.#become({ is: 'attached', socket });
    this.#speakThrough(socket);
  }

  /** The client has the state, the room's up to `version`. What came after it follows now. */
  flush(version?: number): void {
    this.#frames.flush(version);
  }

  /** The socket is gone: the participant stays in the call for the grace period, media running. */
  detach(socket: Connection): void {
    if (socketOf(this.#state) !== socket) return;
    // A client whose join was not answered has nothing to resume with.
    if (this.#state.is !== 'attached') {
      this.end('left');
      return;
    }
    const { resources, timing } = this.context;
    const grace = resources.after(timing.gracePeriodMs, () => this.end('expired'));
    this.#become({ is: 'away', grace });
    this.#frames.connection = undefined;
    void this.#presence.set(false);
  }

  /** After a resume: others see the participant as online again. */
  present(): Promise<void> {
    return this.#presence.set(true);
  }

  /** What brings its participant back after a restart; nothing where rooms are open. */
  async rejoin(): Promise<{ rejoin?: Rejoin }> {
    const { tokens, log } = this.context;
    const { id: participantId, name, role } = this.participant;
    const mark = { participantId, ends: this.#options.ends };
    // The call goes on while the store is away.
    const minted = tokens?.mintRejoin({ room: this.room, name, role }, mark).catch((err) => {
      log.debug({ err, room: this.room }, 'no rejoin token was minted');
      return undefined;
    });
    const rejoin = await minted;
    return rejoin ? { rejoin } : {};
  }

  async commit(ops: readonly RoomOp[]): Promise<RoomPatch> {
    if (this.ended) throw new ParleyError('session_lost');
    const { rooms, limits, keeper } = this.context;
    const { guard } = this;
    const commit = () => rooms.commit(this.room, this.guard, ops, limits);
    try {
      return await commit();
    } catch (error) {
      const { code } = ParleyError.from(error);
      // A claim of this replica raises the fence too: what the old socket asked for meanwhile is
      // refused, and says nothing about the session.
      if (code === 'session_replaced' && (await this.fence.isNewest(guard))) this.end('replaced');
      // A store that lost its memory gets the room back first, and then this.
      const isBack = code === 'session_lost' && (await keeper.recover(this.room));
      if (!isBack || this.ended) throw error;
      return await commit();
    }
  }

  onPatch(patch: RoomPatch, frame: string): void {
    const left = patch.ops.some(
      (op) => op.op === 'leave' && op.participantId === this.participantId,
    );
    // We said that it is away, so another replica said that it is back.
    const taken = patch.ops.some(
      (op) => op.op === 'presence' && op.participantId === this.participantId && op.online,
    );
    // Removed by a host, its lease ran out, or another replica has it: the store knows. Being online
    // again may also be an older commit of our own.
    if (left || (taken && !this.#presence.online)) void this.context.keeper.check(this.room);
    if (!left) this.#frames.send(frame, patch.version);
    for (const op of patch.ops) {
      // Whoever committed it, and whether the answer arrived: it is the media of this session.
      if (op.op === 'mute' && this.#owns(op.trackId)) {
        void this.media.mutes.set(op.trackId, op.muted, patch.version);
      }
    }
  }

  #owns(trackId: string): boolean {
    const tracks = this.context.hub.known(this.room)?.tracks ?? [];
    return tracks.some(
      ({ id, participantId }) => id === trackId && participantId === this.participantId,
    );
  }

  onMediaEvent<K extends MediaEvent>(event: K, data: MediaEventData<K>): void {
    this.media.onEvent(event, data);
  }

  /** The session is over. Idempotent. */
  end(reason: SessionEnd): void {
    const before = this.#state;
    if (before.is === 'ended') return;
    // Replaced: another replica speaks for it now. Shutdown: another one may claim it, if the client
    // can ask for that; else the participant would stay in the room as a ghost.
    const kept = reason === 'replaced' || (reason === 'shutdown' && isResumable(before));
    this.#become({ is: 'ended', reason, kept });
    const { hub, metrics, log, keeper } = this.context;
    this.#presence.end();
    this.media.end();
    hub.remove(this.room, this);
    metrics.sessions.inc({ event: reason });
    log.info({ room: this.room, participantId: this.participantId, reason }, 'session ended');
    const error = END_ERRORS[reason];
    if (error) socketOf(before)?.end(error, { reconnect: reason === 'shutdown' });
    this.#frames.connection = undefined;
    if (!kept) {
      const givenUp = this.#giveUp(reason).catch((err) => {
        log.error({ err, room: this.room }, 'a session was not released');
      });
      keeper.finish(givenUp);
    }
    this.#release();
    this.#options.onClosed(this);
  }

  /** The error of a request that counts on a session which is over. */
  get #ending(): ParleyError {
    const reason = this.#state.is === 'ended' ? this.#state.reason : 'lost';
    return END_ERRORS[reason] ?? new ParleyError('session_lost');
  }

  #become(state: SessionState<Connection, Timer>): void {
    const before = this.#state;
    if (!mayFollow(before.is, state.is)) {
      throw new Error(`A session that is ${before.is} cannot become ${state.is}.`);
    }
    if (before.is === 'away') before.grace.close();
    this.#state = state;
  }

  /** Nothing is sent before the client has the state: `flush`. */
  #speakThrough(socket: Connection): void {
    this.#frames.hold();
    this.#frames.connection = socket;
  }

  /** Leaves the room and closes its media, unless another replica has taken the session over. */
  async #giveUp(reason: SessionEnd): Promise<void> {
    const { keeper } = this.context;
    const wasOurs = await keeper.release(this.room, this.guard);
    // A participant whom a host removed is released already. So is one whose release was done, though
    // its answer was lost: then the store has no such session, and the media is ours to close.
    const isOver =
      wasOurs ||
      reason === 'removed' ||
      reason === 'lost' ||
      (await keeper.isGone(this.room, this.guard));
    if (isOver) await this.media.sessions.closeAll();
  }
}

// One participant's session. It outlives its sockets and its media sessions.
import { ParleyError } from '../../../shared/errors.ts';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import type { MediaOffer } from '../../../shared/protocol/media-messages.ts';
import type { Feature } from '../../../shared/protocol/protocol.ts';
import type { RoomSize } from '../../../shared/protocol/roster-messages.ts';
import type { RoomOp, RoomPatch } from '../../../shared/room/operations.ts';
import type { RoomSnapshot } from '../../../shared/room/room.ts';
import type { HeldSession, SessionGuard } from '../../cluster/cluster.ts';
import type { MediaEvent, MediaEventData } from '../../cluster/messages/media.ts';
import { SessionMedia } from '../media/session-media.ts';
import type { Client } from '../media/shared-capabilities.ts';
import type { RoomMember } from '../roster/members.ts';
import { hasLeft, type PatchBatch, patchReader } from '../roster/patch-batch.ts';
import type { Connection } from '../socket/connection.ts';
import { FrameQueue } from '../socket/frame-queue.ts';
import { Budgets } from './budgets.ts';
import type { SessionContext } from './context.ts';
import type { GrantedClaim, SessionOptions, State } from './options.ts';
import { OwnGuard } from './own-guard.ts';
import { Presence } from './presence.ts';
import {
  admit,
  answer,
  attach,
  connectionOf,
  detach,
  END_ERRORS,
  end,
  isInStore,
  type SessionEnd,
} from './state.ts';

/** Ends after which the client comes back at once. A lost session cannot be resumed: the client joins anew. */
const COMES_BACK: ReadonlySet<SessionEnd> = new Set(['shutdown', 'lost']);

export class Session implements RoomMember {
  readonly room: string;
  readonly participant: SessionOptions['participant'];
  readonly participantId: string;
  readonly budgets: Budgets;
  /** Frames to the client. */
  readonly queue: FrameQueue;
  readonly media: SessionMedia;
  readonly context: SessionContext;
  readonly moved: SessionOptions['onMoved'];
  readonly #options: SessionOptions;
  readonly #release: () => void;
  readonly #presence: Presence;
  readonly #guard: OwnGuard;
  #client: Client;
  #state: State;

  /** Frames to the client wait until `answered` or `flush`. */
  constructor(options: SessionOptions, context: SessionContext) {
    this.room = options.room;
    this.participant = options.participant;
    this.participantId = options.participant.id;
    this.#client = options;
    this.#state = options.state;
    this.#options = options;
    this.context = context;
    this.moved = options.onMoved;
    this.#release = context.resources.open('session');
    const { resources, log } = context;
    this.#presence = new Presence({
      ...{ resources, log, online: options.online },
      commit: (online) =>
        this.commit([{ op: 'presence', participantId: this.participantId, online }]),
    });
    this.#guard = new OwnGuard(options.guard, () => this.#presence.forget());
    this.queue = new FrameQueue(() => connectionOf(this.#state));
    this.queue.pause();
    this.media = new SessionMedia(this, this.queue, context);
    this.budgets = new Budgets(context.limits);
  }

  /** What a removal by a host ends, besides the session. */
  get ends(): readonly string[] {
    return this.#options.ends;
  }

  get guard(): SessionGuard {
    return this.#guard.current;
  }

  get features(): readonly string[] {
    return this.#client.features;
  }

  get takesParts(): boolean {
    return this.features.includes('roster' satisfies Feature);
  }

  get rtpCapabilities(): RtpCapabilities {
    return this.#client.rtpCapabilities;
  }

  get ended(): boolean {
    return this.#state.name === 'ended';
  }

  /** The session ended here alone: its participant stays in the room, and another replica may have it. */
  get isKept(): boolean {
    return this.#state.name === 'ended' && this.#state.isKept;
  }

  /** The client has a socket. */
  get attached(): boolean {
    return connectionOf(this.#state) !== undefined;
  }

  /** Whether the store knows the session. It is made before it is admitted, so that no patch is missed. */
  get isInStore(): boolean {
    return isInStore(this.#state);
  }

  /** Whether a claim of this replica is under way: the fence may have risen already. */
  get isClaiming(): boolean {
    return this.#guard.isClaiming;
  }

  /** The session as a store that lost its memory needs it. */
  get toRestore(): HeldSession {
    const { guard } = this;
    const { resumeHash } = this.#options;
    return { guard, resumeHash, nodeId: this.media.sessions.current?.nodeId };
  }

  /** The store has admitted the participant. */
  admitted(): void {
    this.#state = admit(this.#state);
  }

  /** The answer of the join was sent, with the room's state up to `version`: what came after it follows. */
  answered(version: number): void {
    if (this.ended) return;
    this.#state = answer(this.#state);
    this.queue.flush(version);
  }

  /** A client resumes the session at this replica. */
  claimedBy(claim: Promise<SessionGuard>): void {
    this.#guard.follow(claim);
  }

  /**
   * The client has resumed the session on this socket; an older socket is closed. Frames to the client wait
   * until `flush`.
   *
   * @throws ParleyError `session_lost` when the session is over, `session_replaced` when another socket has
   *   resumed it with a newer claim
   */
  attach(connection: Connection, { guard, ...client }: GrantedClaim): void {
    const before = this.#state;
    if (before.name === 'ended') throw new ParleyError('session_lost');
    if (guard.fence < this.guard.fence) throw new ParleyError('session_replaced');
    this.#state = attach(before, connection);
    this.#guard.set(guard);
    this.#client = client;
    if (before.name === 'away') before.grace.close();
    else if (before.connection !== connection) {
      before.connection.end(new ParleyError('session_replaced'), { reconnect: false });
    }
    this.queue.pause();
    this.queue.clear();
  }

  /** The answer of a resume was sent, with the room's state up to `version`: what came after it follows. */
  flush(version?: number): void {
    this.queue.flush(version);
  }

  /**
   * The socket has closed. The participant stays in the room for the grace period, with media running. A
   * client without the answer of its join cannot resume: its session ends.
   */
  detach(connection: Connection): void {
    if (connectionOf(this.#state) !== connection) return;
    if (this.#state.name !== 'attached') {
      this.end('left');
      return;
    }
    const { resources, timing } = this.context;
    const grace = resources.after(timing.gracePeriodMs, () => this.end('expired'));
    this.#state = detach(this.#state, grace);
    void this.#presence.publish(false);
  }

  /** After a resume: others see the participant as present again. */
  markOnline(): Promise<void> {
    return this.#presence.publish(true);
  }

  async commit(ops: readonly RoomOp[]): Promise<RoomPatch> {
    if (this.ended) throw new ParleyError('session_lost');
    const { rooms, recordings, limits } = this.context;
    const { guard } = this;
    const allowed = { ...limits, recorders: recordings.recorders };
    const commit = () => rooms.commit(this.room, this.guard, ops, allowed);
    try {
      return await commit();
    } catch (error) {
      const { code } = ParleyError.from(error);
      if (code === 'session_replaced') {
        // A claim of this replica raises the fence too. A request of the old socket is refused then, though
        // the session is still here.
        await this.#guard.settled();
        if (this.guard === guard) this.end('replaced');
      }
      // A store that lost its memory gets the room back first, and then this commit.
      const isBack = code === 'session_lost' && (await this.context.keeper.recover(this.room));
      if (!isBack || this.ended) throw error;
      return await commit();
    }
  }

  onOwnPatch(patch: RoomPatch): void {
    const left = hasLeft(patch, this.participantId);
    // This replica published that the participant is away, so another one published that they are back.
    const taken = patch.ops.some(
      (op) => op.op === 'presence' && op.participantId === this.participantId && op.online,
    );
    // A host removed the participant, the lease ran out, or another replica has the session: the store knows.
    // The patch may also be an older one of this replica.
    if (left || (taken && !this.#presence.online)) void this.context.keeper.check(this.room);
  }

  onPatches(batch: PatchBatch): void {
    this.queue.sendPatches(batch, patchReader(this.features, this.participantId));
  }

  onRoomFrame(frame: string): void {
    this.queue.sendRoomFrame(frame);
  }

  /** The room as the client is sent it now: changes after it follow. Undefined before the first snapshot. */
  view(): RoomSnapshot | undefined {
    this.queue.dropRoomFrames();
    return this.context.hub.view(this.room, this);
  }

  /** Empty for a client that knows the whole room. */
  get roomSize(): RoomSize {
    return this.takesParts ? this.context.hub.sizeOf(this.room) : {};
  }

  /** All that the client receives on a media session it is sent. */
  offered(offer: MediaOffer): void {
    this.context.hub.offered(this.room, this, offer);
  }

  /** The replica that committed the mute may not have reached the node. */
  onMute(trackId: string, muted: boolean, version: number): void {
    void this.media.mutes.apply(trackId, muted, version);
  }

  onMediaEvent<K extends MediaEvent>(event: K, data: MediaEventData<K>): void {
    this.media.onEvent(event, data);
  }

  /** The session is over. Idempotent. */
  end(reason: SessionEnd): void {
    const before = this.#state;
    if (before.name === 'ended') return;
    this.#state = end(before, reason);
    const { hub, metrics, log } = this.context;
    if (before.name === 'away') before.grace.close();
    this.#presence.close();
    this.media.end();
    hub.remove(this.room, this);
    metrics.sessions.inc({ event: reason });
    log.info({ room: this.room, participantId: this.participantId, reason }, 'session ended');
    const error = END_ERRORS[reason];
    if (error) connectionOf(before)?.end(error, { reconnect: COMES_BACK.has(reason) });
    if (!this.#state.isKept) {
      const givenUp = this.#giveUp(reason).catch((err) => {
        log.error({ err, room: this.room }, 'a session was not released');
      });
      this.context.keeper.addEnding(givenUp);
    }
    this.#release();
    this.#options.onClosed();
  }

  /** Releases the session and closes its media, unless another replica has taken the session over. */
  async #giveUp(reason: SessionEnd): Promise<void> {
    const wasOurs = await this.context.keeper.release(this.room, this.guard);
    // A host's removal has released the session already. A release whose answer was lost has too: then the
    // store has no such session, and no other replica uses the media.
    const isOver =
      wasOurs ||
      reason === 'removed' ||
      reason === 'lost' ||
      (await this.context.keeper.isGone(this.room, this.guard));
    if (isOver) await this.media.sessions.closeAll();
  }
}

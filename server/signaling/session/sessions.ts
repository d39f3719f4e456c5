// The sessions of this replica: clients join and resume here, and each socket gets its session.
import { randomBytes } from 'node:crypto';
import type { WebSocket } from 'ws';
import { ParleyError } from '../../../shared/errors.ts';
import { packed } from '../../../shared/protocol/consumers.ts';
import {
  type MethodParams,
  type MethodResult,
  SUBPROTOCOL,
} from '../../../shared/protocol/protocol.ts';
import type { Cluster } from '../../cluster/cluster.ts';
import { Groups } from '../../room/groups.ts';
import type { PreparedMedia } from '../media/media-client.ts';
import { SharedCapabilities } from '../media/shared-capabilities.ts';
import type { Address } from '../socket/addresses.ts';
import { BeforeJoin } from '../socket/before/before-join.ts';
import { Connection, type ConnectionOptions, type Reply } from '../socket/connection.ts';
import { Heartbeats } from '../socket/heartbeats.ts';
import { SocketHandler } from '../socket/socket-handler.ts';
import { comeIn, hashOf, type WayIn } from './admission.ts';
import { claimSession } from './claim.ts';
import type { SessionContext } from './context.ts';
import { SessionKeeper } from './keeper.ts';
import { missedSince } from './missed.ts';
import type { GrantedClaim, SessionOptions } from './options.ts';
import { mintRejoin } from './rejoin.ts';
import { Session } from './session.ts';
import { attach, join } from './state.ts';

export interface SessionsOptions extends Omit<SessionContext, 'keeper'> {
  cluster: Cluster;
  /** How long a session lives in the store without being renewed. */
  sessionLeaseMs: number;
  /** The region of this replica. Nodes in it are preferred. */
  region: string | undefined;
  /** Sessions per worker above which a room's next participants go elsewhere. */
  spillSessions: number;
}

/** Clients leave a draining replica over this time, so that they do not all reconnect in one moment. */
const DRAIN_SPREAD_MS = 2_500;
const DRAIN_LOOK_MS = 50;
/** The version of a room that has just begun. */
const FIRST_VERSION = 1;

export class Sessions {
  readonly before: BeforeJoin;
  readonly #options: SessionsOptions;
  readonly #keeper: SessionKeeper;
  /** All sessions have one: it is not copied for each. */
  readonly #context: SessionContext;
  readonly #heartbeats: Heartbeats;
  readonly #connecting: ConnectionOptions;
  readonly #capabilities = new SharedCapabilities();
  readonly #sessions = new Map<string, Session>();
  readonly #byRoom = new Groups<string, Session>();
  readonly #byNode = new Groups<string, Session>();
  readonly #connections = new Set<Connection>();
  #closing = false;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#keeper = new SessionKeeper({
      ...options,
      rooms: () => this.#byRoom.keys,
      sessionsIn: (room) => this.#byRoom.of(room).filter(({ isInStore }) => isInStore),
    });
    this.#context = { ...options, keeper: this.#keeper };
    this.before = new BeforeJoin({ ...options, isClosing: () => this.#closing });
    this.#heartbeats = new Heartbeats(options.timing.heartbeatMs, options.resources);
    this.#connecting = { ...options, heartbeats: this.#heartbeats };
  }

  /** The sessions of this replica by the node of their media. */
  get byNode(): Pick<Groups<string, Session>, 'keys' | 'of'> {
    return this.#byNode;
  }

  get socketCount(): number {
    return this.#connections.size;
  }

  /** A socket was opened: it has to join or resume within JOIN_TIMEOUT_MS. */
  accept(socket: WebSocket, address: Address): void {
    const handlerOf = (connection: Connection) => new SocketHandler(this, connection);
    const connection = new Connection(socket, address, handlerOf, this.#connecting);
    this.#connections.add(connection);
    if (socket.protocol !== SUBPROTOCOL) {
      connection.end(new ParleyError('unsupported_version'), { reconnect: false });
    }
    if (this.#closing) connection.end(new ParleyError('shutting_down'), { reconnect: true });
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection);
  }

  join(
    connection: Connection,
    params: MethodParams<'join'>,
    prepared: PreparedMedia | undefined,
  ): Promise<[Session, Reply]> {
    const { tokens } = this.#options;
    return comeIn(tokens, params, (way) => this.#join(connection, params, way, prepared));
  }

  async #join(
    connection: Connection,
    { room, name, ...able }: MethodParams<'join'>,
    { grant, ...door }: WayIn,
    prepared: PreparedMedia | undefined,
  ): Promise<[Session, Reply]> {
    const { rooms, hub, media: nodes, recordings, limits, timing, metrics, log } = this.#options;
    if (this.#closing) throw new ParleyError('shutting_down');
    const { address } = connection;
    // One participant more in a room that exists costs no room more.
    if (address.hasEnoughRooms(room) && !(await rooms.placement(room))) {
      throw address.tooManyRooms();
    }
    const id = prepared?.participantId ?? randomBytes(12).toString('base64url');
    const role = grant?.role ?? 'guest';
    const participant = { id, name: grant?.name ?? name, role, joinedAt: Date.now() } as const;
    const resumeSecret = randomBytes(32).toString('base64url');
    const resumeHash = hashOf(resumeSecret);
    const guard = { participantId: participant.id, fence: 1 };
    const client = this.#capabilities.clientOf(able);
    const state = join(connection);
    const known = { room, participant, guard, ...client, resumeHash, ends: door.ends };
    const session = this.#create({ ...known, state, online: true }, address);
    const survey = nodes.surveyAhead(room);
    try {
      await hub.add(room, session);
      const since = hub.versionOf(room);
      const { version, snapshot } = await rooms.admit(room, {
        participant: { ...participant, online: true },
        resumeHash,
        maxParticipants: limits.participantsPerRoom,
        door,
        brief: hub.follows(room),
      });
      if (session.ended) {
        // This replica began to drain before the store had admitted the participant.
        const releasing = this.#keeper.release(room, guard).then(() => {});
        this.#keeper.addEnding(releasing.catch((err) => log.error({ err, room }, 'not released')));
        throw new ParleyError('shutting_down');
      }
      session.admitted();
      if (version === FIRST_VERSION) void recordings.onFirst(room);
      if (snapshot) hub.learn(snapshot, since);
      const reached = hub.reached(room, version, participant.id);
      const [media] = await Promise.all([session.media.open({ survey, prepared }), reached]);
      const rejoin = await mintRejoin(session);
      const view = session.view();
      if (!view) throw new ParleyError('session_lost');
      metrics.sessions.inc({ event: 'joined' });
      log.info({ room, participantId: participant.id }, 'session joined');
      const result: MethodResult<'join'> = {
        participantId: participant.id,
        resumeSecret,
        gracePeriodMs: timing.gracePeriodMs,
        snapshot: view,
        media: packed(media, client.features),
        ...rejoin,
        ...recordings.of(participant.role),
      };
      return [session, { result, afterwards: () => session.answered(view.version) }];
    } catch (error) {
      session.end('left');
      throw error;
    }
  }

  async resume(connection: Connection, params: MethodParams<'resume'>): Promise<[Session, Reply]> {
    const { hub, metrics, media, recordings } = this.#options;
    if (this.#closing) throw new ParleyError('shutting_down');
    const { room, participantId } = params;
    const client = this.#capabilities.clientOf(params);
    const resumeHash = hashOf(params.resumeSecret);
    const claim = claimSession(this.#context, room, participantId, resumeHash);
    this.#sessions.get(participantId)?.claimedBy(claim);
    const guard = await claim;
    const granted = { guard, ...client };
    const session = await this.#attach(connection, room, resumeHash, granted);
    try {
      await hub.add(room, session);
      const opened = await media.describe(room, guard, client).catch(() => undefined);
      if (opened) session.media.adopt(opened);
      const current = opened?.offer ?? (await session.media.open());
      await session.markOnline();
      const { version, ...missed } = await missedSince(session, params.version);
      metrics.sessions.inc({ event: 'resumed' });
      const result: MethodResult<'resume'> = {
        ...missed,
        media: packed(current, client.features),
        ...recordings.of(session.participant.role),
      };
      return [session, { result, afterwards: () => session.flush(version) }];
    } catch (error) {
      session.detach(connection);
      session.flush();
      throw error;
    }
  }

  get draining(): boolean {
    return this.#closing;
  }

  /**
   * Takes no more clients, and sends the present ones to other replicas, evenly over a short time.
   * Resolves when all sockets are closed, or after `withinMs`.
   */
  async drain(withinMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    const { resources } = this.#options;
    const deadline = performance.now() + withinMs;
    const leaving = [...this.#sessions.values()];
    const spreadMs = Math.min(DRAIN_SPREAD_MS, withinMs / 2);
    const startedAt = performance.now();
    for (const [index, session] of leaving.entries()) {
      // By the clock: a timer takes a millisecond at least, and there may be thousands of sessions.
      const aheadMs = startedAt + (spreadMs * index) / leaving.length - performance.now();
      if (aheadMs >= 1) await resources.wait(aheadMs);
      session.end('shutdown');
    }
    for (const connection of this.#connections) {
      connection.end(new ParleyError('shutting_down'), { reconnect: true });
    }
    while (this.#connections.size > 0 && performance.now() < deadline) {
      await resources.wait(DRAIN_LOOK_MS);
    }
    await this.#keeper.endingsSettled();
  }

  /** Sends every client to other replicas at once. */
  close(): void {
    this.#closing = true;
    this.#keeper.close();
    this.#heartbeats.close();
    for (const session of [...this.#sessions.values()]) session.end('shutdown');
    for (const connection of [...this.#connections]) {
      connection.end(new ParleyError('shutting_down'), { reconnect: true });
    }
  }

  /** The session of a granted claim. Without one here another replica had it until now. */
  async #attach(
    connection: Connection,
    room: string,
    resumeHash: string,
    granted: GrantedClaim,
  ): Promise<Session> {
    const { participantId } = granted.guard;
    const attachKnown = () => {
      const known = this.#sessions.get(participantId);
      known?.attach(connection, granted);
      return known;
    };
    const known = attachKnown();
    if (known) return known;
    const snapshot = await this.#options.rooms.snapshot(room);
    const participant = snapshot?.participants.find(({ id }) => id === participantId);
    if (!participant) throw new ParleyError('session_lost');
    // Another socket may have resumed the session meanwhile.
    const quicker = attachKnown();
    if (quicker) return quicker;
    const { online } = participant;
    const state = attach(undefined, connection);
    const options = { room, participant, state, online, resumeHash, ends: [], ...granted };
    return this.#create(options, connection.address);
  }

  #create(options: Omit<SessionOptions, 'onMoved' | 'onClosed'>, address: Address): Session {
    const { room } = options;
    const { id, name, role, joinedAt } = options.participant;
    const leaveRoom = address.countRoom(room);
    const session = new Session(
      {
        ...options,
        participant: { id, name, role, joinedAt },
        onMoved: (from, to) => {
          if (from !== undefined) this.#byNode.delete(from, session);
          if (to !== undefined) this.#byNode.add(to, session);
        },
        onClosed: () => {
          leaveRoom();
          if (this.#sessions.get(id) === session) this.#sessions.delete(id);
          this.#byRoom.delete(room, session);
        },
      },
      this.#context,
    );
    this.#sessions.set(id, session);
    this.#byRoom.add(room, session);
    return session;
  }
}

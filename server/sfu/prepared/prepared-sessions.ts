// Media sessions that are open before their participants join: transports that carry nothing, not many, and not
// for long.
import { ParleyError } from '../../../shared/errors.ts';
import type { DtlsParameters, RtpCapabilities } from '../../../shared/media/rtp.ts';
import type { Direction } from '../../../shared/protocol/media-messages.ts';
import type { Config } from '../../config/config.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { GrantedTurn } from '../endpoints/granted-turn.ts';
import type { MediaPath } from '../endpoints/participant-media.ts';
import type { MediaContext } from '../endpoints/transport.ts';
import { TransportPair } from '../endpoints/transport-pair.ts';
import type { NodeRoom } from '../rooms/node-room.ts';
import type { NodeRooms } from '../rooms/node-rooms.ts';
import type { RoomRouter } from '../rooms/room-router.ts';
import { PreparedPicture } from './prepared-picture.ts';

export interface PreparedSessionsOptions extends MediaContext {
  rooms: Pick<NodeRooms, 'enter' | 'changed'>;
  limits: Pick<Config['limits'], 'prepared' | 'preparedLeaseMs' | 'preparedAwakeMs'>;
}

/** What a prepared media session is for. */
export interface PreparedFor {
  readonly room: string;
  /** The participant that will join, if any does. */
  readonly participantId: string;
  readonly epoch: number;
}

/** When there may be room for another one. */
const RETRY_AFTER_MS = 10_000;

/** One of them. No request can make a producer or consumer on it: it is in no room that could name it. */
export class PreparedSession implements PreparedFor {
  readonly room: string;
  readonly participantId: string;
  readonly epoch: number;
  /** The TURN servers it was given. */
  turn: GrantedTurn | undefined;
  readonly transports: TransportPair;
  /** Undefined when there is none on its router. */
  picture: PreparedPicture | undefined;
  readonly #router: RoomRouter;
  readonly #releases: readonly (() => void)[];
  readonly #resources: Resources;
  readonly #onEnd: () => void;
  #lease: Timer | undefined;
  #endView: (() => void) | undefined;
  #isOver = false;

  constructor(
    { room, participantId, epoch }: PreparedFor,
    path: Pick<MediaPath, 'router' | 'transports'>,
    leave: () => void,
    resources: Resources,
    onEnd: () => void,
  ) {
    this.room = room;
    this.participantId = participantId;
    this.epoch = epoch;
    this.transports = path.transports;
    this.#router = path.router;
    this.#resources = resources;
    this.#onEnd = onEnd;
    this.#releases = [leave, this.#router.expectParticipant(), resources.open('prepared')];
    const { transports } = this;
    transports.onDtlsEnded = () => this.end();
    // The room's router, or its worker, may end before.
    for (const { observer } of [transports.send, transports.recv]) {
      observer.once('close', () => this.end());
    }
  }

  get closed(): boolean {
    return this.#isOver;
  }

  /** It ends this long after the last renewal. */
  renew(forMs: number): void {
    this.#lease?.close();
    this.#lease = this.#resources.after(forMs, () => this.end());
  }

  /**
   * Its participant may join at any moment: a camera that begins only then costs more than the way to them.
   * @param forMs a page that is only looked at must not keep others' encoders busy for longer
   */
  expectIn(room: NodeRoom, forMs: number): void {
    if (this.#isOver || forMs === 0) return;
    const end = room.expect(this.participantId, this.#router);
    const timer = this.#resources.after(forMs, () => this.#endView?.());
    this.#endView = () => {
      this.#endView = undefined;
      timer.close();
      end();
    };
  }

  /** What the join would show first waits for it, as far as it is here. */
  async openPicture(room: NodeRoom, rtpCapabilities: RtpCapabilities): Promise<void> {
    const producer = room.firstPicture(this.participantId, this.#router);
    if (!producer) return;
    const transport = this.transports.recv;
    // A client that cannot decode it, or a camera that has just ended: the join does without.
    const opening = PreparedPicture.open({ transport, producer, rtpCapabilities });
    this.picture = await opening.catch(() => undefined);
  }

  /**
   * Its participant joins: the transports are the caller's from now on.
   * @returns the path, and a function to call when the participant is in the room
   */
  handOver(): { path: MediaPath; taken: () => void } {
    this.#isOver = true;
    this.#lease?.close();
    this.#onEnd();
    const path = {
      router: this.#router,
      transports: this.transports,
      isPrepared: true,
      picture: this.picture,
      turn: this.turn,
    };
    return { path, taken: () => this.#release() };
  }

  /** Closes the transports. Idempotent. */
  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lease?.close();
    this.turn?.release();
    this.transports.close();
    this.#release();
    this.#onEnd();
  }

  /** After a join too: a camera goes on for longer than it takes until it has a consumer. */
  #release(): void {
    this.#endView?.();
    for (const release of this.#releases) release();
  }
}

export class PreparedSessions {
  readonly #options: PreparedSessionsOptions;
  /** Undefined while it is being opened. */
  readonly #sessions = new Map<string, PreparedSession | undefined>();

  constructor(options: PreparedSessionsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#sessions.size;
  }

  /**
   * @param id names it from now on; known to the socket that asked for it alone
   * @param rtpCapabilities of the client, where it wants a picture ahead
   * @throws ParleyError `no_capacity` when MAX_PREPARED are open; `media_failed`
   */
  async open(
    id: string,
    what: PreparedFor,
    rtpCapabilities?: RtpCapabilities,
  ): Promise<PreparedSession> {
    const { rooms, limits, resources } = this.#options;
    if (this.#sessions.size >= limits.prepared || this.#sessions.has(id)) {
      throw new ParleyError('no_capacity', { retryAfterMs: RETRY_AFTER_MS });
    }
    const { room, entered } = rooms.enter(what.room);
    this.#sessions.set(id, undefined);
    try {
      const router = await room.chooseRouter();
      const transports = await TransportPair.open(router, this.#options);
      // It was ended meanwhile, or the room was.
      if (!this.#sessions.has(id) || room.closed || transports.closed) {
        transports.close();
        throw new ParleyError('media_failed');
      }
      const path = { router, transports };
      const session: PreparedSession = new PreparedSession(what, path, entered, resources, () => {
        if (this.#sessions.get(id) === session) this.#sessions.delete(id);
        rooms.changed();
      });
      this.#sessions.set(id, session);
      session.renew(limits.preparedLeaseMs);
      session.expectIn(room, limits.preparedAwakeMs);
      if (rtpCapabilities) await session.openPicture(room, rtpCapabilities);
      if (session.closed) throw new ParleyError('media_failed');
      rooms.changed();
      return session;
    } catch (error) {
      this.#sessions.delete(id);
      entered();
      throw error;
    }
  }

  /** @throws ParleyError `media_failed` */
  connect(id: string, direction: Direction, dtlsParameters: DtlsParameters): Promise<void> {
    return this.#find(id).transports.connect(direction, dtlsParameters);
  }

  /** The socket that has it is still open. @throws ParleyError `media_failed` */
  renew(id: string): void {
    this.#find(id).renew(this.#options.limits.preparedLeaseMs);
  }

  /** Ends it here: its participant joins. Undefined when it is gone, or is for something else. */
  take(
    id: string | undefined,
    { room, participantId, after }: Omit<PreparedFor, 'epoch'> & { after: number },
  ): PreparedSession | undefined {
    const session = id === undefined ? undefined : this.#sessions.get(id);
    const isFor = session?.room === room && session.participantId === participantId;
    return isFor && session.epoch > after ? session : undefined;
  }

  /** Idempotent. */
  end(id: string): void {
    const session = this.#sessions.get(id);
    this.#sessions.delete(id);
    session?.end();
  }

  #find(id: string): PreparedSession {
    const session = this.#sessions.get(id);
    if (!session || session.closed) throw new ParleyError('media_failed');
    return session;
  }
}

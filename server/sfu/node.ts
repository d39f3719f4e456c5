// One media node: it serves the commands of `web`, and its rooms live and die with their workers.
import { randomUUID } from 'node:crypto';
import { setLogEventListeners } from 'mediasoup';
import type { TransportListenInfo } from 'mediasoup/types';
import { ParleyError } from '../../shared/errors.ts';
import type { MediaOffer } from '../../shared/protocol.ts';
import { type Handlers, parse } from '../../shared/rpc.ts';
import type { Closer, Cluster, NodeAnnouncement, NodeInfo } from '../cluster/cluster.ts';
import {
  MEDIA_COMMANDS,
  type MediaCommands,
  type MediaEvent,
  type MediaParams,
  mediaTopic,
} from '../cluster/media-protocol.ts';
import { type IceServers, iceServersFor, type TurnServers } from '../turn/credentials.ts';
import { Peer, type PeerContext } from './peer.ts';
import { type PublishEvent, RoomRouter } from './room-router.ts';
import { type LiveWorker, WorkerPool } from './worker-pool.ts';

export interface SfuNodeOptions extends PeerContext {
  cluster: Cluster;
  workerBin: string;
  turn: TurnServers;
  listenInfos(port: number): TransportListenInfo[];
}

interface Whose {
  room: string;
  participantId: string;
}

export class SfuNode {
  readonly id = randomUUID();
  readonly #options: SfuNodeOptions;
  readonly #pool: WorkerPool;
  readonly #rooms = new Map<string, Promise<RoomRouter>>();
  /** Changes under way, by participant. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #announcement: NodeAnnouncement | undefined;
  #serving: Closer | undefined;
  #lastEpoch = 0;
  #closed = false;

  private constructor(options: SfuNodeOptions, pool: WorkerPool) {
    this.#options = options;
    this.#pool = pool;
    pool.onDied = (worker) => void this.#workerDied(worker);
  }

  /** Starts the workers, then announces the node: it takes rooms from then on. */
  static async start(options: SfuNodeOptions): Promise<SfuNode> {
    const { cluster, media, workerBin, listenInfos, resources, log } = options;
    // What mediasoup and its workers would say to nobody otherwise. One listener for the process.
    setLogEventListeners({
      onwarn: (namespace, text) => log.warn({ namespace }, text),
      onerror: (namespace, text, err) => log.error({ namespace, err }, text),
    });
    const pool = await WorkerPool.start({
      count: media.workers,
      workerBin,
      port: media.port,
      listenInfos,
      resources,
      log,
    });
    const node = new SfuNode(options, pool);
    node.#serving = await cluster.bus.serve(node.id, (command, params) =>
      node.#handle(command, params),
    );
    node.#announcement = await cluster.nodes.announce(node.#info());
    return node;
  }

  /** UDP and TCP port of each worker. */
  get ports(): number[] {
    return this.#pool.live.map(({ port }) => port);
  }

  get ready(): boolean {
    return !this.#closed && this.#pool.live.length > 0;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#announcement?.close();
    await this.#serving?.close();
    for (const room of await Promise.allSettled(this.#rooms.values())) {
      if (room.status === 'fulfilled') room.value.close();
    }
    this.#pool.close();
  }

  async #handle(command: string, params: unknown): Promise<unknown> {
    if (!Object.hasOwn(MEDIA_COMMANDS, command)) throw new ParleyError('unknown_method');
    const name = command as keyof MediaCommands;
    // The table pairs each handler with its own schema, which the compiler cannot follow here.
    const handler = this.#handlers[name] as (context: null, params: unknown) => Promise<unknown>;
    const parsed = parse(MEDIA_COMMANDS[name].params, params);
    try {
      return await handler(null, parsed);
    } catch (error) {
      if (error instanceof ParleyError) throw error;
      // Of mediasoup, whose worker may be ending. What that means to a client is known.
      this.#options.log.warn({ err: error, command }, 'a media command failed');
      throw new ParleyError('media_failed', { cause: error });
    }
  }

  readonly #handlers: Handlers<MediaCommands, null> = {
    open: (_, params) => this.#inTurn(params, () => this.#open(params)),
    describe: async (_, whose) => this.#offer(await this.#peer(whose)),
    close: (_, whose) =>
      this.#inTurn(whose, async () => {
        const router = await this.#rooms.get(whose.room);
        router?.peer(whose.participantId)?.close();
        await this.#announce();
        return {};
      }),
    connect: async (_, { direction, dtlsParameters, ...whose }) => {
      await this.#on(whose, (peer) => peer.connect(direction, dtlsParameters));
      return {};
    },
    restartIce: async (_, { direction, ...whose }) => {
      const iceParameters = await this.#on(whose, (peer) => peer.restartIce(direction));
      return { iceParameters, ...this.#iceServers(whose) };
    },
    iceServers: async (_, whose) => this.#iceServers(whose),
    publish: (_, { trackId, kind, muted, rtpParameters, ...whose }) =>
      this.#inTurn(whose, async () => {
        await this.#on(whose, (peer) => peer.publish({ trackId, kind, muted, rtpParameters }));
        return {};
      }),
    unpublish: (_, { trackId, ...whose }) =>
      this.#inTurn(whose, async () => {
        (await this.#peer(whose)).unpublish(trackId);
        return {};
      }),
    mute: (_, { trackId, muted, ...whose }) =>
      this.#inTurn(whose, async () => {
        await (await this.#peer(whose)).mute(trackId, muted);
        return {};
      }),
    subscribe: async (_, { preferences, ...whose }) => {
      await (await this.#peer(whose)).setPreferences(preferences);
      return {};
    },
    ready: async (_, { consumerIds, ...whose }) => {
      await this.#on(whose, (peer) => peer.subscriptions.ready(consumerIds));
      return {};
    },
  };

  async #open({ room, participantId, rtpCapabilities }: MediaParams<'open'>): Promise<MediaOffer> {
    const { router, entered } = await this.#enter(room);
    try {
      router.peer(participantId)?.close();
      const options = { participantId, epoch: this.#nextEpoch(), rtpCapabilities };
      const peer = await Peer.open(router, options, this.#options);
      await peer.subscriptions.reconcile();
      await this.#announce();
      return this.#offer(peer);
    } finally {
      entered();
    }
  }

  /**
   * What opens, closes or changes one participant's media happens in the order it was asked for:
   * whoever gave up waiting for an `open` says `close`, which must not overtake it.
   */
  #inTurn<T>({ room, participantId }: Whose, action: () => Promise<T>): Promise<T> {
    const key = `${room}/${participantId}`;
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(action, action);
    this.#turns.set(key, turn);
    const done = () => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    };
    turn.then(done, done);
    return turn;
  }

  /** The room's router, held open until `entered` is called. */
  async #enter(name: string): Promise<{ router: RoomRouter; entered: () => void }> {
    const router = await this.#room(name);
    // It may have closed between its promise and us.
    return router.closed ? this.#enter(name) : { router, entered: router.enter() };
  }

  /** One router for a room, however many ask for it at once. */
  #room(name: string): Promise<RoomRouter> {
    if (this.#closed) throw new ParleyError('no_capacity');
    const existing = this.#rooms.get(name);
    if (existing) return existing;
    const creating = this.#createRoom(name);
    this.#rooms.set(name, creating);
    const forget = () => {
      if (this.#rooms.get(name) === creating) this.#rooms.delete(name);
    };
    creating.then((router) => {
      router.onClose = forget;
      if (router.closed) forget();
    }, forget);
    return creating;
  }

  async #createRoom(name: string): Promise<RoomRouter> {
    const worker = await this.#pool.pick();
    return RoomRouter.create(name, worker, this.#publisher(name), this.#options.resources);
  }

  /** Does something with a media session that may end meanwhile, with its worker for one. */
  async #on<T>(whose: Whose & { epoch: number }, action: (peer: Peer) => Promise<T>): Promise<T> {
    const peer = await this.#peer(whose);
    try {
      return await action(peer);
    } catch (cause) {
      // Whatever mediasoup calls it; the client will hear of the session that follows.
      if (peer.closed) throw new ParleyError('stale_epoch', { cause });
      throw cause;
    }
  }

  async #peer({ room, participantId, epoch }: Whose & { epoch?: number }): Promise<Peer> {
    const router = await this.#rooms.get(room);
    const peer = router?.peer(participantId);
    // A session that went with its worker is as stale as one that was replaced: another one follows.
    if (epoch !== undefined && epoch !== peer?.epoch) throw new ParleyError('stale_epoch');
    if (!peer) throw new ParleyError('media_failed');
    return peer;
  }

  #offer(peer: Peer): MediaOffer {
    return {
      epoch: peer.epoch,
      send: peer.describe('send'),
      recv: peer.describe('recv'),
      consumers: peer.subscriptions.list(),
      ...this.#iceServers(peer),
    };
  }

  #iceServers({ participantId }: { participantId: string }): IceServers {
    const { turn, metrics } = this.#options;
    if (turn.minted.length > 0) metrics.turnCredentials.inc({ kind: 'minted' });
    if (turn.fixed.length > 0) metrics.turnCredentials.inc({ kind: 'static' });
    return iceServersFor(turn, participantId, Date.now());
  }

  /** Its rooms alone are lost; whoever was in them is told to open media again, elsewhere. */
  async #workerDied(worker: LiveWorker): Promise<void> {
    this.#options.metrics.workerDeaths.inc();
    for (const creating of [...this.#rooms.values()]) {
      const router = await creating.catch(() => undefined);
      if (router?.worker !== worker) continue;
      const participants = router.peers.map(({ participantId, epoch }) => ({
        participantId,
        epoch,
      }));
      router.close();
      this.#publisher(router.room)('lost', { participants, reason: 'worker_died' });
    }
    await this.#announce();
  }

  #publisher(room: string): PublishEvent {
    const { cluster, log } = this.#options;
    return (event: MediaEvent, data) => {
      cluster.bus.publish(mediaTopic(room), { event, data }).catch((error) => {
        log.error({ err: error, room, event }, 'a media event was not published');
      });
    };
  }

  #info(): NodeInfo {
    const addresses = this.#options.listenInfos(0).map((info) => info.announcedAddress ?? info.ip);
    return {
      id: this.id,
      addresses: [...new Set(addresses)],
      sessions: this.#pool.live.reduce((sum, { sessions }) => sum + sessions, 0),
      workers: this.#pool.live.length,
      draining: this.#closed,
    };
  }

  async #announce(): Promise<void> {
    await this.#announcement?.update(this.#info());
  }

  /** Never twice the same, also after a restart of this process. */
  #nextEpoch(): number {
    this.#lastEpoch = Math.max(Date.now(), this.#lastEpoch + 1);
    return this.#lastEpoch;
  }
}

// One media node: it is announced to the cluster, serves its commands, and its rooms live here.
import { randomUUID } from 'node:crypto';
import type { TransportListenInfo } from 'mediasoup/types';
import { ParleyError } from '../../shared/errors.ts';
import type { Handlers } from '../../shared/protocol/rpc.ts';
import type { Closer, Cluster, NodeAnnouncement, NodeInfo } from '../cluster/cluster.ts';
import { MEDIA_COMMANDS } from '../cluster/messages/media.ts';
import { MESH_COMMANDS, type MeshCommands } from '../cluster/messages/mesh.ts';
import type { Timer } from '../telemetry/resources.ts';
import { checkAnnounced } from './checks/address-check.ts';
import { NetworkChecks, type NetworkChecksOptions } from './checks/network-checks.ts';
import { CommandTable } from './command-table.ts';
import type { PeerContext } from './endpoints/participant-media.ts';
import { mediaHandlers } from './media-commands.ts';
import { logMediasoup } from './mediasoup-log.ts';
import { Prober } from './mesh/prober.ts';
import { NodeEvents } from './node-events.ts';
import { describeNode } from './node-info.ts';
import { NodeTurn, type NodeTurnOptions } from './node-turn.ts';
import { NodeRooms } from './rooms/node-rooms.ts';
import { type Graces, Orphans } from './rooms/orphans.ts';
import { AnnouncedNames, type Lookup } from './workers/announced-names.ts';
import { type LiveWorker, WorkerPool } from './workers/worker-pool.ts';

export interface SfuNodeOptions extends PeerContext, Graces {
  cluster: Cluster;
  workerBin: string;
  limits: NetworkChecksOptions['limits'];
  turn: NodeTurnOptions['turn'];
  region: string | undefined;
  hostname: string | undefined;
  /** Addresses that it announces besides those it listens on. */
  announced: readonly string[];
  /** Another way to look up the names among them. */
  lookup?: Lookup;
  listenInfos(port: number): TransportListenInfo[];
  /** Where pipes to other nodes end; undefined when there are no others. */
  pipes?: { listenInfo: TransportListenInfo; portRange: { min: number; max: number } | undefined };
}

/** Sessions come and go faster than others need to know their number. */
const ANNOUNCE_AFTER_MS = 100;

export class SfuNode {
  readonly id = randomUUID();
  readonly #options: SfuNodeOptions;
  readonly #pool: WorkerPool;
  readonly #names: AnnouncedNames;
  readonly #rooms: NodeRooms;
  readonly #orphans: Orphans;
  readonly #checks: NetworkChecks;
  readonly #turn: NodeTurn;
  readonly #events: NodeEvents;
  readonly #commands: CommandTable;
  #prober: Prober | undefined;
  #announcement: NodeAnnouncement | undefined;
  #announcing: Timer | undefined;
  #serving: Closer | undefined;
  #reconnected: Closer | undefined;
  #draining = false;
  #drained = Promise.withResolvers<void>();
  #closed = false;

  private constructor(options: SfuNodeOptions, pool: WorkerPool, names: AnnouncedNames) {
    const { cluster, media, resources, metrics, log } = options;
    this.#options = options;
    this.#pool = pool;
    this.#names = names;
    this.#events = new NodeEvents({
      ...{ bus: cluster.bus, nodeId: this.id, resources, log },
      mayTell: () => this.#holdsLease,
    });
    this.#rooms = new NodeRooms({
      nodeId: this.id,
      bus: cluster.bus,
      isConnected: () => cluster.connected,
      pipeListenInfo: options.pipes?.listenInfo ?? { protocol: 'udp', ip: '127.0.0.1' },
      pickWorker: (besides) => pool.pick(besides),
      peersPerWorker: media.peersPerWorker,
      maxRooms: media.maxRooms,
      publisher: (room) => this.#events.publisher(room),
      onChange: () => this.#changed(),
      resources,
      log,
    });
    this.#orphans = new Orphans({
      ...options,
      nodeId: this.id,
      store: cluster.rooms,
      rooms: () => this.#rooms.open,
    });
    this.#checks = new NetworkChecks({ ...options, names, pickWorker: () => pool.pick() });
    this.#turn = new NodeTurn({
      ...options,
      nodeId: this.id,
      store: cluster.turn,
      workers: () => pool.live,
      rooms: () => this.#rooms.open,
    });
    this.#commands = new CommandTable(log)
      .add(
        MEDIA_COMMANDS,
        mediaHandlers({
          ...options,
          turn: this.#turn,
          names,
          rooms: this.#rooms,
          checks: this.#checks,
          accepts: (opening) => this.#assertTaking(opening),
          drain: () => this.drain(),
          metrics,
        }),
      )
      .add(MESH_COMMANDS, this.#meshHandlers);
    pool.onDied = (worker) => void this.#workerDied(worker);
    pool.onLive = () => this.#changed();
  }

  /** Starts the workers, then announces the node: it takes rooms from then on. */
  static async start(options: SfuNodeOptions): Promise<SfuNode> {
    const { cluster, media, workerBin, listenInfos, pipes, resources, log } = options;
    logMediasoup(log);
    const pool = await WorkerPool.start({
      count: media.workers,
      workerBin,
      port: media.port,
      listenInfos,
      resources,
      log,
    });
    const names = await AnnouncedNames.start({
      ...options,
      everySeconds: media.announcedLookupSeconds,
    });
    const node = new SfuNode(options, pool, names);
    try {
      if (pipes) {
        node.#prober = await Prober.start({
          nodeId: node.id,
          address: pipes.listenInfo.ip,
          portRange: pipes.portRange,
          list: () => cluster.nodes.list(),
          onChange: () => node.#changed(),
          resources,
          log,
        });
      }
      await node.#turn.start();
      node.#reconnected = cluster.onReconnected(() => node.#tellMissed());
      node.#serving = await cluster.bus.serve(node.id, (command, params) =>
        node.#handle(command, params),
      );
      node.#announcement = await cluster.nodes.announce(node.#info(), () => node.#regained());
      // Not waited for: it may take a while to learn that nothing comes back.
      void checkAnnounced(pool.live, options);
    } catch (error) {
      await node.close();
      throw error;
    }
    return node;
  }

  /** UDP and TCP port of each worker. */
  get ports(): number[] {
    return this.#pool.live.map(({ port }) => port);
  }

  get ready(): boolean {
    return !this.#closed && !this.#draining && this.#pool.live.length > 0;
  }

  /** Takes no new sessions from now on; those who hold sessions here move them away. Idempotent. */
  drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#options.log.info({ sessions: this.#rooms.sessions }, 'draining');
    void this.#announce();
    this.#resolveIfDrained();
  }

  /** Resolves when a draining node holds no session any more. */
  get drained(): Promise<void> {
    return this.#drained.promise;
  }

  /** Closes everything; those who are still here open media elsewhere. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#announcing?.close();
    this.#orphans.close();
    this.#prober?.close();
    this.#checks.close();
    this.#names.close();
    await this.#end(this.#turn, this.#reconnected);
    // First, while we are one of the nodes still: whoever is here yet is told at once.
    const rooms = this.#rooms.open;
    await Promise.all(
      rooms.map(({ name, peers }) => this.#events.lost(name, peers, 'node_closed')),
    );
    this.#events.close();
    await this.#end(this.#announcement, this.#serving);
    for (const room of this.#rooms.open) room.close();
    this.#pool.close();
    this.#drained.resolve();
  }

  /** Whoever cannot be told learns it from the lease: workers and rooms are closed all the same. */
  async #end(...closers: readonly (Closer | undefined)[]): Promise<void> {
    for (const closer of closers) {
      await closer?.close().catch((err) => this.#options.log.warn({ err }, 'an end was not told'));
    }
  }

  /** Or has not announced itself yet, when there is nothing to lose. */
  get #holdsLease(): boolean {
    return this.#announcement?.held ?? true;
  }

  async #handle(command: string, params: unknown): Promise<unknown> {
    // Without the lease others may have moved our rooms already; what we did now would be theirs.
    if (!this.#holdsLease) throw new ParleyError('no_capacity');
    return this.#commands.run(command, params);
  }

  readonly #meshHandlers: Handlers<MeshCommands, null> = {
    meshState: async (_, { room, from }) => this.#rooms.find(room)?.mesh.state(from) ?? null,
    pipe: async (_, params) => {
      const room = this.#rooms.find(params.room);
      if (!room) throw new ParleyError('unknown_track');
      return room.mesh.pipe(params);
    },
    unpipe: async (_, params) => {
      await this.#rooms.find(params.room)?.mesh.unpipe(params);
      return {};
    },
  };

  #assertTaking(opening: number): void {
    const full = this.#rooms.sessions + opening >= this.#options.media.maxSessions;
    if (this.#draining || this.#closed || full) {
      throw new ParleyError('no_capacity', { retryAfterMs: 1_000 });
    }
  }

  /** Its people alone are lost; they are told to open media again, on another worker. */
  #workerDied(worker: LiveWorker): void {
    this.#options.metrics.workerDeaths.inc();
    for (const room of this.#rooms.open) {
      void this.#events.lost(room.name, room.lose(worker), 'worker_died');
    }
    void this.#announce();
  }

  /** The lease had run out: others may have moved what was here. Then it is closed. */
  #regained(): void {
    this.#options.log.warn('the lease of this node had run out; looking what is left to it');
    this.#orphans.check({ atOnce: true }).then(
      () => this.#tellMissed(),
      (err) => this.#options.log.error({ err }, 'what is left to this node is not known'),
    );
  }

  /** What we told while we were out of touch was lost. */
  #tellMissed(): void {
    for (const room of this.#rooms.open) {
      this.#events.publisher(room.name)('missed', { nodeId: this.id });
    }
  }

  #changed(): void {
    this.#resolveIfDrained();
    if (this.#announcing || this.#closed) return;
    this.#announcing = this.#options.resources.after(ANNOUNCE_AFTER_MS, () => {
      this.#announcing = undefined;
      void this.#announce();
    });
  }

  #resolveIfDrained(): void {
    if (this.#draining && this.#rooms.sessions === 0) this.#drained.resolve();
  }

  async #announce(): Promise<void> {
    await this.#announcement?.update(this.#info());
  }

  #info(): NodeInfo {
    return describeNode(this.#options, {
      id: this.id,
      ports: this.ports,
      sessions: this.#rooms.sessions,
      rooms: this.#rooms.open.length,
      workers: this.#pool.live.length,
      draining: this.#draining || this.#closed,
      probePort: this.#prober?.port,
      reaches: this.#prober?.reaches ?? [],
    });
  }
}

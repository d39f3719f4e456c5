// One media node: announces itself to the cluster, serves commands and owns the rooms here.
import { randomUUID } from 'node:crypto';
import type { TransportListenInfo } from 'mediasoup/types';
import { ParleyError } from '../../shared/errors.ts';
import type { Closer, Cluster, NodeAnnouncement, NodeInfo } from '../cluster/cluster.ts';
import { MEDIA_COMMANDS } from '../cluster/messages/media.ts';
import { MESH_COMMANDS } from '../cluster/messages/mesh.ts';
import type { Timer } from '../telemetry/resources.ts';
import { checkAnnounced } from './checks/address-check.ts';
import { NetworkChecks, type NetworkChecksOptions } from './checks/network-checks.ts';
import { CommandTable } from './command-table.ts';
import type { MediaContext } from './endpoints/transport.ts';
import { type MediaCommandsContext, mediaHandlers } from './media-commands.ts';
import { logMediasoup } from './mediasoup-log.ts';
import { meshHandlers } from './mesh/mesh-handlers.ts';
import { Prober } from './mesh/prober.ts';
import { NodeEvents } from './node-events.ts';
import { describeNode } from './node-info.ts';
import { NodeTurn, type NodeTurnOptions } from './node-turn.ts';
import {
  NodeRecordings,
  type NodeRecordingsOptions,
  withSpeakers,
} from './recording/node-recordings.ts';
import { NodeRooms } from './rooms/node-rooms.ts';
import { type Graces, Orphans } from './rooms/orphans.ts';
import { AnnouncedNames, type Lookup } from './workers/announced-names.ts';
import { type LiveWorker, WorkerPool } from './workers/worker-pool.ts';

export interface SfuNodeOptions extends MediaContext, Graces {
  cluster: Cluster;
  workerBin: string;
  limits: NetworkChecksOptions['limits'] & MediaCommandsContext['limits'];
  turn: NodeTurnOptions['turn'];
  region: string | undefined;
  hostname: string | undefined;
  /** Addresses that it announces besides those it listens on. */
  announced: readonly string[];
  /** Replaces the system's lookup of names. */
  lookup?: Lookup;
  listenInfos(port: number): TransportListenInfo[];
  /** Undefined: this node records nothing. */
  recording?: Pick<NodeRecordingsOptions, 'recorder' | 'settings' | 'chatHistory' | 'finish'>;
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
  readonly #recordings: NodeRecordings | undefined;
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
      mayPublish: () => this.#holdsLease,
    });
    this.#rooms = new NodeRooms({
      ...{ nodeId: this.id, bus: cluster.bus, resources, log },
      isConnected: () => cluster.connected,
      pipeListenInfo: options.pipes?.listenInfo ?? { protocol: 'udp', ip: '127.0.0.1' },
      pickWorker: (besides) => pool.pick(besides),
      participantsPerWorker: media.participantsPerWorker,
      interest: options.interest,
      maxRooms: media.maxRooms,
      publisher: (room) => withSpeakers(this.#recordings, room, this.#events.publisher(room)),
      onRoom: (room, isOpen) => this.#recordings?.onRoom(room, isOpen),
      onChange: () => this.#changed(),
    });
    const { recording } = options;
    const recorded = { nodeId: this.id, cluster, rooms: this.#rooms, resources, metrics, log };
    this.#recordings = recording && new NodeRecordings({ ...recording, ...recorded });
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
          ...{ nodeId: this.id, turn: this.#turn, names },
          ...{ rooms: this.#rooms, checks: this.#checks },
          accepts: (opening) => this.#assertTaking(opening),
          drain: () => this.drain(),
          metrics,
        }),
      )
      .add(
        MESH_COMMANDS,
        meshHandlers((room) => this.#rooms.find(room)),
      );
    pool.onDied = (worker) => void this.#workerDied(worker);
    pool.onLive = () => this.#changed();
  }

  /** Starts the workers, then announces the node. It takes rooms from then on. */
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
      await node.#recordings?.start();
      node.#reconnected = cluster.onReconnected(() => node.#publishMissed());
      node.#serving = await cluster.bus.serve(node.id, (command, params) =>
        node.#handle(command, params),
      );
      node.#announcement = await cluster.nodes.announce(node.#info(), () => node.#regained());
      // Not awaited: learning that nothing comes back may take a while.
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

  /** Takes no new sessions. `web` moves those that are here. Idempotent. */
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

  /** Closes everything. Participants who are still here open media on another node. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#announcing?.close();
    this.#orphans.close();
    this.#prober?.close();
    this.#checks.close();
    this.#names.close();
    await this.#end(this.#turn, this.#reconnected, this.#recordings);
    // Before the registration ends, so that `web` still accepts these events.
    const rooms = this.#rooms.open;
    await Promise.all(
      rooms.map(({ name, participants }) => this.#events.lost(name, participants, 'node_closed')),
    );
    this.#events.close();
    await this.#end(this.#announcement, this.#serving);
    for (const room of this.#rooms.open) room.close();
    this.#pool.close();
    this.#drained.resolve();
  }

  /** What cannot be deregistered ends with its lease. Workers and rooms are closed all the same. */
  async #end(...closers: readonly (Closer | undefined)[]): Promise<void> {
    for (const closer of closers) {
      await closer?.close().catch((err) => this.#options.log.warn({ err }, 'a part did not close'));
    }
  }

  /** True before the first announcement too: there is nothing to lose yet. */
  get #holdsLease(): boolean {
    return this.#announcement?.held ?? true;
  }

  async #handle(command: string, params: unknown): Promise<unknown> {
    // Without the lease our rooms may have been moved to other nodes already.
    if (!this.#holdsLease) throw new ParleyError('no_capacity');
    return this.#commands.run(command, params);
  }

  #assertTaking(opening: number): void {
    const full = this.#rooms.sessions + opening >= this.#options.media.maxSessions;
    if (this.#draining || this.#closed || full) {
      throw new ParleyError('no_capacity', { retryAfterMs: 1_000 });
    }
  }

  /** Only participants on this worker lost their media. They open it again on another worker. */
  #workerDied(worker: LiveWorker): void {
    this.#options.metrics.workerDeaths.inc();
    for (const room of this.#rooms.open) {
      void this.#events.lost(room.name, room.lose(worker), 'worker_died');
    }
    void this.#announce();
  }

  /** The lease had run out, so rooms may have been moved: closes those that were. */
  #regained(): void {
    this.#options.log.warn('the lease of this node had run out; checking which rooms it still has');
    this.#orphans.check({ atOnce: true }).then(
      () => this.#publishMissed(),
      (err) => this.#options.log.error({ err }, 'cannot find out which rooms this node still has'),
    );
  }

  /** Events published while the store was away were lost: publishes the state again. */
  #publishMissed(): void {
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

// Watches the media nodes, and moves media away from those that end, drain, or cannot reach the rest.
import type { Cluster, NodeInfo } from '../../cluster/cluster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { TornRooms } from './torn-rooms.ts';

/** A session as the watch sees it. */
export interface WatchedSession {
  readonly room: string;
  readonly attached: boolean;
  readonly media: {
    readonly places: { readonly current: { readonly nodeId: string } | undefined };
    /** Make before break; of a node that is gone, what it still sends is kept. @returns whether it moved */
    move(reason: string): Promise<boolean>;
  };
}

export interface NodeWatchOptions {
  cluster: Cluster;
  sessions(): readonly WatchedSession[];
  watchMs: number;
  /** How long a node has to be missing before it is given up. */
  lostMs: number;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

/** Moves under way at once in this replica: each costs its client a second set of encoders. */
const MOVES_AT_ONCE = 10;
/** Before a session that could not be moved is tried again: there was nowhere to go. */
const MOVE_RETRY_MS = 1_000;
/** Two looks further apart than this say nothing of what was between them. */
const MAX_LOOK_GAP_FACTOR = 4;

export class NodeWatch {
  readonly #options: NodeWatchOptions;
  readonly #timer: Timer;
  /** Since when a node that we need is missing; absent while it is there. */
  readonly #missingSince = new Map<string, number>();
  readonly #torn: TornRooms;
  readonly #moving = new Set<WatchedSession>();
  readonly #notBefore = new WeakMap<WatchedSession, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking = false;
  #closed = false;

  constructor(options: NodeWatchOptions) {
    this.#options = options;
    this.#torn = new TornRooms(options.cluster.rooms);
    this.#timer = options.resources.every(options.watchMs, () => void this.#round());
  }

  close(): void {
    this.#closed = true;
    this.#timer.close();
  }

  async #round(): Promise<void> {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    const { cluster, log } = this.#options;
    try {
      // A store that cannot be asked says nothing about nodes: they carry media without it.
      if (!cluster.connected) return;
      const nodes = await cluster.nodes.list();
      await this.#judge(nodes);
    } catch (err) {
      log.debug({ err }, 'the media nodes are not known at the moment');
    } finally {
      this.#looking = false;
    }
  }

  async #judge(nodes: readonly NodeInfo[]): Promise<void> {
    const { watchMs, lostMs } = this.#options;
    const now = performance.now();
    // After a time without looks every node gets the whole patience again: it may be on its way back.
    if (now - this.#lookedAt > watchMs * MAX_LOOK_GAP_FACTOR + lostMs / 2)
      this.#missingSince.clear();
    this.#lookedAt = now;
    const sessions = this.#options.sessions();
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const used = new Set(sessions.flatMap(({ media }) => media.places.current?.nodeId ?? []));
    for (const id of this.#missingSince.keys()) {
      if (byId.has(id) || !used.has(id)) this.#missingSince.delete(id);
    }
    for (const id of used) {
      if (!byId.has(id) && !this.#missingSince.has(id)) this.#missingSince.set(id, now);
    }
    const torn = await this.#torn.look(nodes, sessions, now);
    for (const session of sessions) {
      const nodeId = session.media.places.current?.nodeId;
      if (nodeId === undefined) continue;
      const missingSince = this.#missingSince.get(nodeId);
      const gathering = torn.get(session.room);
      if (missingSince !== undefined) {
        if (now - missingSince >= lostMs) this.#move(session, 'node_lost');
      } else if (byId.get(nodeId)?.draining) {
        this.#move(session, 'node_draining');
      } else if (gathering !== undefined && gathering !== nodeId) {
        this.#move(session, 'node_unreachable');
      }
    }
  }

  #move(session: WatchedSession, reason: string): void {
    if (this.#moving.has(session) || this.#moving.size >= MOVES_AT_ONCE) return;
    if ((this.#notBefore.get(session) ?? 0) > performance.now()) return;
    // Whose socket is away could not follow; they are moved when they are back, or open anew then.
    if (!session.attached && reason !== 'node_lost') return;
    this.#moving.add(session);
    void session.media.move(reason).then((moved) => {
      this.#moving.delete(session);
      if (moved) this.#options.log.info({ room: session.room, reason }, 'media was moved');
      else this.#notBefore.set(session, performance.now() + MOVE_RETRY_MS);
    });
  }
}

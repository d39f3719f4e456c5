// Watches the media nodes, and moves media away from those that end, drain, or cannot reach the rest.
import type { Cluster, NodeInfo } from '../../cluster/cluster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { DrainPace } from './drain-pace.ts';
import { MoveQueue } from './move-queue.ts';
import { TornRooms } from './torn-rooms.ts';

interface Move {
  readonly reason: 'node_lost' | 'node_draining' | 'node_unreachable';
  /** The node of the media session. */
  readonly leaving: string;
}

/** A session as the watch sees it. */
export interface WatchedSession {
  readonly room: string;
  readonly attached: boolean;
  readonly media: {
    readonly sessions: { readonly current: { readonly nodeId: string } | undefined };
    /** Make before break. Media that a lost node still sends is kept too. @returns whether it moved */
    move(reason: string): Promise<boolean>;
  };
}

export interface NodeWatchOptions {
  cluster: Cluster;
  /** By the node of their newest media session. */
  sessions: { readonly keys: readonly string[]; of(nodeId: string): readonly WatchedSession[] };
  watchMs: number;
  /** How long a node has to be missing before it counts as lost. */
  lostMs: number;
  /** How long a draining node waits for its sessions to be moved. */
  drainGraceMs: number;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

/**
 * Moves from a lost node that are under way at once: enough to keep the other nodes busy. More of them would
 * only wait longer for their answers, until COMMAND_TIMEOUT_MS.
 */
const LOST_AT_ONCE = 40;
/**
 * Moves from a node that still works, begun at each look. Each costs its client a second set of encoders, and
 * the other clients of its room a second set of decoders.
 */
const GENTLE_AT_ONCE = 10;
/** Before a session is tried again that no other node could take. */
const MOVE_RETRY_MS = 1_000;
/** After a longer gap between two looks nothing is concluded from nodes that were missing before. */
const MAX_LOOK_GAP_FACTOR = 4;

export class NodeWatch {
  readonly #options: NodeWatchOptions;
  readonly #timer: Timer;
  /** Since when a node in use is missing; no entry while it is there. */
  readonly #missingSince = new Map<string, number>();
  readonly #torn: TornRooms;
  readonly #lost: MoveQueue<WatchedSession>;
  readonly #gentle: MoveQueue<WatchedSession>;
  readonly #pace: DrainPace;
  /** Why each is to be moved, as of the last look. */
  #reasons = new Map<WatchedSession, Move>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking = false;
  #closed = false;

  constructor(options: NodeWatchOptions) {
    this.#options = options;
    this.#torn = new TornRooms(options.cluster.rooms);
    this.#pace = new DrainPace(options.drainGraceMs);
    const move = (session: WatchedSession) => this.#move(session);
    this.#lost = new MoveQueue({ atOnce: LOST_AT_ONCE, move, retryMs: MOVE_RETRY_MS });
    this.#gentle = new MoveQueue({
      atOnce: GENTLE_AT_ONCE,
      perOffer: GENTLE_AT_ONCE,
      move,
      retryMs: MOVE_RETRY_MS,
    });
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
      // Nodes carry media without the store. While it cannot be reached, none of them is missing.
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
    // After a time without looks every node has the whole of LOST_MS again: it may be on its way back.
    if (now - this.#lookedAt > watchMs * MAX_LOOK_GAP_FACTOR + lostMs / 2)
      this.#missingSince.clear();
    this.#lookedAt = now;
    const { sessions } = this.#options;
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const used = new Set(sessions.keys);
    for (const id of this.#missingSince.keys()) {
      if (byId.has(id) || !used.has(id)) this.#missingSince.delete(id);
    }
    for (const id of used) {
      if (!byId.has(id) && !this.#missingSince.has(id)) this.#missingSince.set(id, now);
    }
    const torn = await this.#torn.look(nodes, sessions, now);
    const moves = new Map<WatchedSession, Move>();
    const draining = new Set<string>();
    for (const leaving of used) {
      const missingSince = this.#missingSince.get(leaving);
      const isLost = missingSince !== undefined && now - missingSince >= lostMs;
      const node = byId.get(leaving);
      // Most nodes are there and have all their links: nothing of theirs is looked at.
      if (!isLost && !node?.draining && (torn.size === 0 || missingSince !== undefined)) continue;
      const there = sessions.of(leaving);
      if (!isLost && node?.draining) {
        draining.add(leaving);
        const here = there.filter(({ attached }) => attached);
        const allowed = this.#pace.allowed(leaving, here.length, node.sessions, now, watchMs);
        for (const session of here.slice(0, allowed)) {
          moves.set(session, { leaving, reason: 'node_draining' });
        }
        continue;
      }
      for (const session of there) {
        const gathering = torn.get(session.room);
        if (isLost) moves.set(session, { leaving, reason: 'node_lost' });
        else if (gathering !== undefined && gathering !== leaving) {
          moves.set(session, { leaving, reason: 'node_unreachable' });
        }
      }
    }
    this.#pace.keep(draining);
    this.#reasons = moves;
    const isLost = (session: WatchedSession) => moves.get(session)?.reason === 'node_lost';
    const [here, away] = split([...moves.keys()], ({ attached }) => attached);
    // Participants with a socket come first. A client without one could not follow a gentle move: it is moved
    // after it resumes, or opens new media then.
    this.#lost.offer([...here, ...away].filter(isLost));
    this.#gentle.offer(here.filter((session) => !isLost(session)));
  }

  async #move(session: WatchedSession): Promise<boolean> {
    const move = this.#reasons.get(session);
    // The session has waited for its turn. It may have been rebuilt elsewhere meanwhile.
    if (!move || session.media.sessions.current?.nodeId !== move.leaving) return true;
    const { reason } = move;
    const moved = await session.media.move(reason);
    if (moved) this.#options.log.info({ room: session.room, reason }, 'media was moved');
    return moved;
  }
}

function split<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

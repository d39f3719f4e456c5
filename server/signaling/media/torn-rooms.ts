// Rooms whose nodes cannot reach each other any more, and the node that each is gathered on.
import type { NodeInfo, RoomStore } from '../../cluster/cluster.ts';
import { gatheringNode } from '../../room/placement.ts';

/**
 * How long a link between two nodes has to be gone before their rooms are gathered. Together with the probes
 * that were missed first it is longer than a lease: a node that stands still counts as lost, not as cut off.
 */
const TORN_FOR_MS = 1_000;
/** Each look reads the placement of each room on a node without a link. */
const LOOK_EVERY_MS = 500;
/** A timer may fire a little early: the look is made all the same. */
const LOOK_SLACK_MS = 100;

interface SessionsByNode {
  of(nodeId: string): readonly { readonly room: string }[];
}

export class TornRooms {
  readonly #rooms: Pick<RoomStore, 'placement'>;
  readonly #since = new Map<string, number>();
  #torn: ReadonlyMap<string, string> = new Map();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(rooms: Pick<RoomStore, 'placement'>) {
    this.#rooms = rooms;
  }

  /**
   * @param now milliseconds of any clock that does not run backwards
   * @returns the node to gather on, by room, for rooms that have been torn for a while
   */
  async look(
    nodes: readonly NodeInfo[],
    sessions: SessionsByNode,
    now: number,
  ): Promise<ReadonlyMap<string, string>> {
    const cutOff = nodesWithoutALink(nodes);
    if (cutOff.size === 0) {
      this.#since.clear();
      this.#torn = new Map();
      return this.#torn;
    }
    if (now - this.#lookedAt < LOOK_EVERY_MS - LOOK_SLACK_MS) return this.#torn;
    this.#lookedAt = now;
    const rooms = new Set(
      [...cutOff].flatMap((nodeId) => sessions.of(nodeId).map(({ room }) => room)),
    );
    for (const room of this.#since.keys()) if (!rooms.has(room)) this.#since.delete(room);
    const torn = new Map<string, string>();
    await Promise.all(
      [...rooms].map(async (room) => {
        const placement = await this.#rooms.placement(room).catch(() => 'unknown' as const);
        // A room whose placement cannot be read stays as it was. The other rooms do not wait for it.
        if (placement === 'unknown') {
          const before = this.#torn.get(room);
          if (before !== undefined) torn.set(room, before);
          return;
        }
        const gathering = placement && gatheringNode(nodes, placement);
        if (gathering === undefined) {
          this.#since.delete(room);
          return;
        }
        const since = this.#since.get(room) ?? now;
        this.#since.set(room, since);
        if (now - since >= TORN_FOR_MS) torn.set(room, gathering);
      }),
    );
    this.#torn = torn;
    return torn;
  }
}

/** Nodes that some other node does not reach, or that do not reach it. */
function nodesWithoutALink(nodes: readonly NodeInfo[]): ReadonlySet<string> {
  const alive = nodes.filter(({ draining }) => !draining);
  const cutOff = alive.filter((a) =>
    alive.some((b) => a !== b && !(a.reaches.includes(b.id) && b.reaches.includes(a.id))),
  );
  return new Set(cutOff.map(({ id }) => id));
}

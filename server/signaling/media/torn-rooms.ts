// Rooms on nodes that cannot reach each other any more, and on which of them each should gather.
import type { NodeInfo, RoomStore } from '../../cluster/cluster.ts';
import { gatheringNode } from '../../room/placement.ts';

/**
 * A link between two nodes may come back; a room is gathered after this long without it. Together
 * with the answers that had to be missed first it is longer than a lease: a node that stands still
 * is lost, not cut off.
 */
const TORN_FOR_MS = 1_000;
/** Each look is a read for each room that may be concerned. */
const LOOK_EVERY_MS = 500;
/** A timer that fires a little early or late does not make it a whole look later. */
const LOOK_SLACK_MS = 100;

interface PlacedInRoom {
  readonly room: string;
  readonly media: {
    readonly sessions: { readonly current: { readonly nodeId: string } | undefined };
  };
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
    sessions: readonly PlacedInRoom[],
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
      sessions.flatMap(({ room, media }) =>
        cutOff.has(media.sessions.current?.nodeId ?? '') ? [room] : [],
      ),
    );
    for (const room of this.#since.keys()) if (!rooms.has(room)) this.#since.delete(room);
    const torn = new Map<string, string>();
    await Promise.all(
      [...rooms].map(async (room) => {
        const placement = await this.#rooms.placement(room).catch(() => 'unknown' as const);
        // A room that cannot be read stays as it was, and no other room waits for it.
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

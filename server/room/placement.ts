// Which media node a participant goes to: a pure function of the registry and of where the room is.
import type { NodeInfo, Placement } from '../cluster/cluster.ts';

export interface PlacementWish {
  /** Preferred for a room that is nowhere yet. */
  region: string | undefined;
  /** Sessions per worker above which a room's next participants go elsewhere. */
  spillSessions: number;
  /** Nodes that just refused, or that are to be left. */
  avoid: ReadonlySet<string>;
  /** Where the participant has transports ready: taken among those that are as good. */
  preparedOn?: string | undefined;
}

/**
 * A room stays together while its node has room; then it spills to the least loaded node that all
 * nodes of the room reach by UDP, and that reaches them; then it fills the node it is on. A node
 * that drains, or is not in the registry, gets no participant.
 *
 * @returns undefined when no node can take the participant
 */
export function chooseNode(
  nodes: readonly NodeInfo[],
  placement: Placement | undefined,
  wish: PlacementWish,
): string | undefined {
  const isPrepared = ({ id }: NodeInfo) => id === wish.preparedOn;
  const members = countByNode(placement);
  const taking = nodes.filter(
    (node) => takes(node, members.has(node.id)) && !wish.avoid.has(node.id),
  );
  // Nodes that are gone, or drain, hold the room no more than for the moment.
  const holders = nodes.filter(({ id, draining }) => members.has(id) && !draining);
  const home = taking
    .filter(({ id }) => members.has(id))
    .toSorted((a, b) => (members.get(b.id) ?? 0) - (members.get(a.id) ?? 0) || byId(a, b));
  const roomy = home.filter((node) => load(node) < wish.spillSessions);
  if (roomy[0]) return (roomy.find(isPrepared) ?? roomy[0]).id;

  const others = taking.filter(({ id }) => !members.has(id));
  if (home.length === 0 && holders.length === 0) return best(others, wish)?.id;
  const [fullest] = home.toSorted((a, b) => load(a) - load(b));
  const within = others.filter((node) => holders.every((holder) => reachEachOther(node, holder)));
  const relief = best(within, wish);
  if (relief && (!fullest || load(relief) < load(fullest))) return relief.id;
  return fullest?.id;
}

/**
 * Where the participants of a torn room should be: its nodes do not reach each other any more, so
 * participants have to go to the node that has most of them.
 *
 * @returns undefined while the room is whole
 */
export function gatheringNode(
  nodes: readonly NodeInfo[],
  placement: Placement,
): string | undefined {
  const members = countByNode(placement);
  const holders = nodes.filter(({ id, draining }) => members.has(id) && !draining);
  const torn = holders.some((a) => holders.some((b) => a !== b && !reachEachOther(a, b)));
  if (!torn) return undefined;
  const [first] = holders.toSorted(
    (a, b) => (members.get(b.id) ?? 0) - (members.get(a.id) ?? 0) || byId(a, b),
  );
  return first?.id;
}

function takes(node: NodeInfo, holdsRoom: boolean): boolean {
  if (node.draining || node.workers === 0 || node.sessions >= node.maxSessions) return false;
  return holdsRoom || node.rooms < node.maxRooms;
}

function reachEachOther(a: NodeInfo, b: NodeInfo): boolean {
  return a.reaches.includes(b.id) && b.reaches.includes(a.id);
}

/** Within a region, nodes with transports ready come first: loads change between a visit and its join. */
function best(
  nodes: readonly NodeInfo[],
  { region, preparedOn }: Pick<PlacementWish, 'region' | 'preparedOn'>,
): NodeInfo | undefined {
  const distance = (node: NodeInfo) => (region === undefined || node.region === region ? 0 : 1);
  const ready = ({ id }: NodeInfo) => (id === preparedOn ? 0 : 1);
  return nodes.toSorted(
    (a, b) => distance(a) - distance(b) || ready(a) - ready(b) || load(a) - load(b) || byId(a, b),
  )[0];
}

function load({ sessions, workers }: NodeInfo): number {
  return sessions / Math.max(1, workers);
}

function byId(a: NodeInfo, b: NodeInfo): number {
  return a.id < b.id ? -1 : 1;
}

function countByNode(placement: Placement | undefined): Map<string, number> {
  return new Map(Object.entries(placement?.nodes ?? {}));
}

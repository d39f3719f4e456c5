// Which media node a room goes to: a pure function of the registry.
import type { NodeInfo, Placement } from '../cluster/cluster.ts';

/**
 * A room stays where it is while its node takes sessions; else it goes to the least loaded one.
 *
 * @returns undefined when no node takes sessions
 */
export function chooseNode(
  nodes: readonly NodeInfo[],
  current: Placement | undefined,
): string | undefined {
  const taking = nodes.filter(({ draining, workers }) => !draining && workers > 0);
  const holder = nodes.find(({ id, draining }) => id === current?.nodeId && !draining);
  if (holder) return holder.id;
  const [best] = taking.toSorted(
    (a, b) => a.sessions / a.workers - b.sessions / b.workers || a.id.localeCompare(b.id),
  );
  return best?.id;
}

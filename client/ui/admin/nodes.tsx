// The media nodes: their load, and why a participant on one of them may see black.
import { useId } from 'preact/hooks';
import type { NodeView } from '../../../shared/api/admin.ts';
import { formatCount, nodeState } from './admin-words.ts';
import { Fact } from './fact.tsx';
import { Badge } from './servers/badge.tsx';

export function Nodes({ nodes }: { nodes: readonly NodeView[] }) {
  const id = useId();
  return (
    <section class="admin-section" aria-labelledby={id}>
      <h2 id={id}>Media nodes</h2>
      {nodes.length === 0 ? (
        <p class="callout">
          <span>No media node is there: nobody can join.</span>
        </p>
      ) : (
        <ul class="admin-list">
          {nodes.map((node) => (
            <Node key={node.id} node={node} others={nodes.length - 1} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Node({ node, others }: { node: NodeView; others: number }) {
  const title = useId();
  const { id, hostname, region, sessions, maxSessions, rooms, maxRooms, workers } = node;
  return (
    <li class="admin-card">
      <article aria-labelledby={title}>
        <header class="admin-card-head">
          <h3 id={title}>{hostname ?? id}</h3>
          <Badge {...nodeState(node)} />
        </header>
        <dl class="facts">
          <Fact name="Sessions" value={`${formatCount(sessions)} of ${formatCount(maxSessions)}`} />
          <Fact name="Rooms" value={`${formatCount(rooms)} of ${formatCount(maxRooms)}`} />
          <Fact name="Workers" value={formatCount(workers)} />
          {region !== null && <Fact name="Region" value={region} />}
          <Fact
            name="Addresses"
            value={node.addresses.length > 0 ? node.addresses.join(', ') : 'none'}
          />
          <Fact name="Ports" value={node.ports.length > 0 ? node.ports.join(', ') : 'none'} />
          {others > 0 && (
            <Fact name="Reaches" value={`${node.reaches.length} of ${others} nodes`} />
          )}
        </dl>
      </article>
    </li>
  );
}

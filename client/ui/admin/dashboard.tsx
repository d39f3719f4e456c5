// The operator's page: problems first, then how packets travel, then every server and node.
import { TriangleAlert } from 'lucide';
import { useId } from 'preact/hooks';
import type { TurnOverview } from '../../../shared/api/admin.ts';
import { Icon } from '../kit/icon.tsx';
import type { AdminModel } from './admin-model.ts';
import { formatClock, formatCount, formatShare, freshness, relayedShare } from './admin-words.ts';
import { PATHS, PathChart, TurnCharts } from './charts/charts.tsx';
import { Nodes } from './nodes.tsx';
import { Badge } from './servers/badge.tsx';
import { Servers } from './servers/servers.tsx';

export function Dashboard({ model }: { model: AdminModel }) {
  const data = model.data.value;
  const failure = model.failure.value?.message;
  if (!data) {
    return (
      <p class="muted" role="status">
        {failure ?? 'Asking the server…'}
      </p>
    );
  }
  const { turn, nodes, at } = data;
  return (
    <>
      <p class="admin-age" role={failure === undefined ? undefined : 'alert'}>
        <Badge {...freshness(at, failure, formatClock)} />
      </p>
      <div class="admin-body" data-stale={failure !== undefined}>
        <Warnings warnings={turn.warnings} />
        <Paths turn={turn} now={at} />
        <Servers model={model} servers={turn.servers} />
        <TurnCharts turn={turn} now={at} />
        <Nodes nodes={nodes} />
      </div>
    </>
  );
}

function Warnings({ warnings }: Pick<TurnOverview, 'warnings'>) {
  const id = useId();
  return (
    <section class="admin-section" aria-labelledby={id}>
      <h2 id={id} class={warnings.length > 0 ? undefined : 'sr-only'}>
        Warnings
      </h2>
      {warnings.length === 0 ? (
        <p class="muted">Nothing needs your attention.</p>
      ) : (
        <ul class="admin-warnings">
          {warnings.map(({ serverId, message }) => (
            <li key={`${serverId} ${message}`} class="callout">
              <Icon icon={TriangleAlert} size={20} />
              <span>{message}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const MEANINGS = {
  direct: 'straight to a media node',
  relay: 'through a TURN server',
  none: 'these people see black',
  unknown: 'their browsers have not said yet',
} as const;

function Paths({ turn, now }: { turn: TurnOverview; now: number }) {
  const id = useId();
  const { paths } = turn;
  return (
    <section class="admin-section" aria-labelledby={id}>
      <h2 id={id}>Sessions by path</h2>
      <dl class="tiles">
        {PATHS.map(({ kind, name }) => (
          <div key={kind} class="tile-number" data-bad={kind === 'none' && paths.none > 0}>
            <dt>{name}</dt>
            <dd>
              <b>{formatCount(paths[kind])}</b>
              <span class="muted small-text">
                {kind === 'relay' && paths.relay > 0
                  ? `${formatShare(relayedShare(paths))}, ${MEANINGS[kind]}`
                  : MEANINGS[kind]}
              </span>
            </dd>
          </div>
        ))}
      </dl>
      <PathChart turn={turn} now={now} />
    </section>
  );
}

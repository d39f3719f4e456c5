// The last hour of the relays, as curves.
import { useSignal } from '@preact/signals';
import { useId } from 'preact/hooks';
import type { TurnOverview } from '../../../../shared/api/admin.ts';
import { formatBitrate, formatCount, formatShare } from '../admin-words.ts';
import { Chart, type Look } from './chart.tsx';
import { niceTop, type Point } from './curve.ts';
import {
  endOf,
  type PathKind,
  pathPoints,
  recent,
  relayedPoints,
  serverPoints,
  serversIn,
} from './history.ts';

export interface ChartsProps {
  turn: TurnOverview;
  now: number;
}

export const PATHS: readonly { kind: PathKind; name: string; look: Look }[] = [
  { kind: 'direct', name: 'Direct', look: 'first' },
  { kind: 'relay', name: 'Relayed', look: 'second' },
  { kind: 'none', name: 'No path', look: 'third' },
  { kind: 'unknown', name: 'Not told', look: 'fourth' },
];

export function PathChart({ turn, now }: ChartsProps) {
  const end = endOf(turn.history, now);
  const history = recent(turn.history, end);
  const sums = history.map(({ paths }) => paths.direct + paths.relay + paths.none + paths.unknown);
  return (
    <Chart
      title="Sessions by path, last hour"
      stacked
      series={PATHS.map(({ kind, name, look }) => ({
        name,
        look,
        points: pathPoints(history, kind),
      }))}
      top={niceTop(sums)}
      now={end}
      format={count}
    />
  );
}

export function TurnCharts({ turn, now }: ChartsProps) {
  const end = endOf(turn.history, now);
  const history = recent(turn.history, end);
  const servers = serversIn(history);
  const chosen = useSignal('');
  const id = useId();
  const serverId = servers.includes(chosen.value) ? chosen.value : undefined;
  const allocations = serverPoints(history, serverId, (server) => server.allocations);
  const explained = serverPoints(history, serverId, (server) => server.explained);
  const shares = relayedPoints(history);
  const bitrate = serverPoints(history, serverId, (server) => server.bitrate);
  return (
    <section class="admin-section" aria-labelledby={`${id}-title`}>
      <div class="admin-section-head">
        <h2 id={`${id}-title`}>Relays over the last hour</h2>
        {servers.length > 1 && (
          <div class="field">
            <label for={`${id}-server`}>Server</label>
            <select
              id={`${id}-server`}
              class="input"
              value={serverId ?? ''}
              onChange={({ currentTarget }) => {
                chosen.value = currentTarget.value;
              }}
            >
              <option value="">All together</option>
              {servers.map((server) => (
                <option key={server} value={server}>
                  {server}
                </option>
              ))}
            </select>
          </div>
        )}
      </div>
      <div class="charts">
        <Chart
          title="Allocations"
          series={[
            { name: 'On the servers', look: 'first', points: allocations },
            { name: 'Explained by sessions, at most', look: 'second', points: explained },
          ]}
          top={topOf(allocations, explained)}
          now={end}
          format={count}
        />
        <Chart
          title="Relayed share of all sessions"
          series={[{ name: 'Relayed', look: 'second', points: shares }]}
          top={shareTop(shares)}
          now={end}
          format={(value) => (value === null ? '–' : formatShare(value))}
        />
        <Chart
          title="Bit rate, both directions"
          series={[{ name: 'Bit rate', look: 'first', points: bitrate }]}
          top={topOf(bitrate)}
          now={end}
          format={formatBitrate}
        />
      </div>
    </section>
  );
}

function topOf(...series: readonly Point[][]): number {
  return niceTop(series.flat().map(({ value }) => value));
}

/** At least a tenth, so that small values are visible; at most 1. */
function shareTop(points: readonly Point[]): number {
  const highest = Math.max(0, ...points.map(({ value }) => value ?? 0));
  return [0.1, 0.25, 0.5].find((top) => top >= highest) ?? 1;
}

function count(value: number | null): string {
  return value === null ? 'not read' : formatCount(value);
}

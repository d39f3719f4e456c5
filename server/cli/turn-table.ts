// The TURN pool as lines for a terminal. Pure.
import type { TurnOverview, TurnServerView } from '../../shared/api/admin.ts';

const HEAD = [
  'ID',
  'STATE',
  'REGION',
  'WEIGHT',
  'SESSIONS',
  'RELAYED',
  'ALLOCATIONS',
  'RTT',
  'ADDRESSES',
];

export function turnTable({ servers, paths, warnings }: TurnOverview): string {
  if (servers.length === 0) return 'There is no TURN server in the pool. Add one: parley turn add';
  const rows = [HEAD, ...servers.map(rowOf)];
  const widths = HEAD.map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  '),
  );
  const total = paths.direct + paths.relay + paths.none + paths.unknown;
  return [
    ...lines,
    '',
    `${total} sessions: ${paths.direct} direct, ${paths.relay} relayed, ${paths.none} without a path, ${paths.unknown} not told`,
    ...warnings.map(({ message }) => `! ${message}`),
  ].join('\n');
}

function rowOf(server: TurnServerView): string[] {
  const { id, state, draining, region, weight, sessions, relayed, urls } = server;
  const trips = urls.flatMap(({ roundTripMs }) => roundTripMs ?? []);
  return [
    id,
    draining && state === 'draining' ? `draining (${draining})` : state,
    region ?? '-',
    String(weight),
    String(sessions),
    String(relayed),
    allocationsOf(server),
    trips.length > 0 ? `${Math.min(...trips).toFixed(1)} ms` : '-',
    urls.map(({ url, state: one }) => (one === 'ok' ? url : `${url} (${one})`)).join(' '),
  ];
}

/** Its own count, its capacity, and the most that the sessions explain. */
function allocationsOf({ allocations, capacity, explained }: TurnServerView): string {
  const counted = allocations === null ? '?' : String(allocations);
  return `${counted}${capacity === null ? '' : ` of ${capacity}`} (≤ ${explained})`;
}

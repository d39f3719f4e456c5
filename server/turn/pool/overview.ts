// The TURN pool as operators see it: the servers, what all media nodes report of them, and warnings.
// Pure.
import type { TurnOverview, TurnSample, TurnServerView } from '../../../shared/api/admin.ts';
import type { TurnReport, TurnServer } from '../../cluster/turn.ts';

/**
 * The most allocations of one session on one address of a server: one for each of its two transports, on up to
 * two network interfaces (Wi-Fi and a cable, or a VPN).
 */
const ALLOCATIONS_PER_URL = 4;
/** This much above what the sessions explain is a leak, not a moment's difference. */
const UNEXPLAINED_FACTOR = 1.2;
const UNEXPLAINED_MARGIN = 10;
/** Above this part of its capacity a server needs help soon. */
const NEARLY_FULL = 0.8;

/** The most allocations of one session on a server with these addresses. */
export function allocationsOf(urls: readonly string[]): number {
  return urls.length * ALLOCATIONS_PER_URL;
}

/** @param at UTC milliseconds */
export function sampleOf(
  servers: readonly TurnServer[],
  reports: readonly TurnReport[],
  at: number,
): TurnSample {
  const figures = servers.map(({ id, urls }) => {
    const reported = reports.flatMap(({ servers: known }) => known[id] ?? []);
    const sessions = sum(reported.map((one) => one.sessions));
    return [
      id,
      {
        sessions,
        relayed: sum(reported.map((one) => one.relayed)),
        allocations: highest(reported.map((one) => one.allocations)),
        explained: (sessions + sum(reported.map(({ ended }) => ended))) * allocationsOf(urls),
        bitrate: highest(reported.map((one) => one.bitrate)),
      },
    ] as const;
  });
  return { at, paths: pathsOf(reports), servers: Object.fromEntries(figures) };
}

/** The load that servers are chosen by: the server's own count, else what our sessions may hold there. */
export function loadsOf({ servers }: TurnSample): Map<string, number> {
  return new Map(
    Object.entries(servers).map(([id, { allocations, explained }]) => [
      id,
      allocations ?? explained,
    ]),
  );
}

/** The eye cannot follow more curves, and an hour of them would be megabytes. */
const CURVES = 12;
/** Points of a curve: as many as it is pixels wide on a phone, some more. */
const POINTS = 180;

/** No server can be called this. */
const OTHERS = '(others)';

/** The part of a sample that is kept: the busiest servers, and the others in one sum. */
export function memorable(sample: TurnSample): TurnSample {
  const byLoad = Object.entries(sample.servers).sort(
    ([, a], [, b]) => b.sessions - a.sessions || (b.allocations ?? 0) - (a.allocations ?? 0),
  );
  const others = byLoad.slice(CURVES).map(([, server]) => server);
  const total = (key: 'allocations' | 'bitrate') => {
    const known = others.flatMap((server) => server[key] ?? []);
    return known.length > 0 ? sum(known) : null;
  };
  return {
    ...sample,
    servers: {
      ...Object.fromEntries(byLoad.slice(0, CURVES)),
      ...(others.length > 0 && {
        [OTHERS]: {
          sessions: sum(others.map(({ sessions }) => sessions)),
          relayed: sum(others.map(({ relayed }) => relayed)),
          allocations: total('allocations'),
          explained: sum(others.map(({ explained }) => explained)),
          bitrate: total('bitrate'),
        },
      }),
    },
  };
}

export function overviewOf(
  servers: readonly TurnServer[],
  reports: readonly TurnReport[],
  samples: readonly TurnSample[],
): TurnOverview {
  const now = sampleOf(servers, reports, 0);
  const reported = Map.groupBy(
    reports.flatMap(({ urls }) => urls),
    ({ serverId, url }) => `${serverId} ${url}`,
  );
  const views = servers.map((server) => viewOf(server, reports, reported, now));
  // The newest point is always among them.
  const every = Math.max(1, Math.ceil(samples.length / POINTS));
  const history = samples.filter((_, n) => (samples.length - 1 - n) % every === 0);
  return {
    servers: views.sort((a, b) => a.id.localeCompare(b.id)),
    paths: now.paths,
    warnings: [...poolWarnings(views, now), ...views.flatMap(serverWarnings)],
    history,
  };
}

function viewOf(
  server: TurnServer,
  reports: readonly TurnReport[],
  reported: ReadonlyMap<string, TurnReport['urls']>,
  { servers: figures }: TurnSample,
): TurnServerView {
  const { id, region, weight, capacity, auth, origin, draining } = server;
  const urls = server.urls.map((url) => addressOf(url, reported.get(`${id} ${url}`) ?? []));
  const states = urls.map(({ state }) => state);
  const health = states.includes('ok') ? 'ok' : states.includes('unknown') ? 'unknown' : 'failed';
  const none = { sessions: 0, relayed: 0, allocations: null, explained: 0, bitrate: null };
  return {
    ...{ id, region, weight, capacity, origin, draining, urls },
    auth: auth.kind,
    // Whatever its health: a drained server may have been shut down, which is no failure.
    state: draining ? 'draining' : health === 'ok' ? 'in-service' : health,
    ...(figures[id] ?? none),
    refusals: sum(reports.map(({ servers: known }) => known[id]?.refusals ?? 0)),
  };
}

function addressOf(url: string, reported: TurnReport['urls']): TurnServerView['urls'][number] {
  const reachedBy = reported.filter(({ state }) => state === 'ok').length;
  const missed = reported.filter(({ state }) => state === 'failed');
  return {
    url,
    state: reachedBy > 0 ? 'ok' : missed.length > 0 ? 'failed' : 'unknown',
    reachedBy,
    missedBy: missed.length,
    message: (missed[0] ?? reported.find(({ message }) => message !== null))?.message ?? null,
    roundTripMs: lowest(reported.map(({ roundTripMs }) => roundTripMs)),
  };
}

function poolWarnings(
  servers: readonly TurnServerView[],
  { paths }: TurnSample,
): TurnOverview['warnings'] {
  const found: TurnOverview['warnings'] = [];
  const add = (message: string) => void found.push({ serverId: null, message });
  const good = servers.filter(({ state }) => state === 'in-service');
  if (servers.length === 0) {
    add('There is no TURN server: people behind strict firewalls cannot get through. Add one.');
  } else if (good.length === 0) {
    add('No TURN server is in service: people who need a relay cannot get through.');
  } else if (good.length === 1) {
    add(
      'Only one TURN server is in service: when it ends, the calls through it stop. Add another.',
    );
  }
  if (paths.none > 0) {
    const affected = paths.none === 1 ? 'One person has' : `${paths.none} people have`;
    add(`${affected} no media path at the moment: they see black.`);
  }
  return found;
}

function serverWarnings(server: TurnServerView): TurnOverview['warnings'] {
  const { id, state, urls, allocations, explained, capacity } = server;
  const found: TurnOverview['warnings'] = [];
  const add = (message: string) => void found.push({ serverId: id, message });
  if (state === 'failed') {
    add(`${id} has failed: ${urls.find(({ message }) => message)?.message ?? 'nobody reaches it'}`);
  } else if (state !== 'draining') {
    for (const { url, state: one, missedBy, message } of urls) {
      if (one === 'failed') add(`${url} does not work: ${message ?? 'nobody reaches it'}`);
      else if (missedBy > 0) add(`${url} is not reached by all media nodes: ${message ?? ''}`);
      // It answers, with the reason why it takes nothing more.
      else if (one === 'ok' && message !== null) add(`${url} takes no new allocations: ${message}`);
    }
  }
  if (allocations !== null && allocations > explained * UNEXPLAINED_FACTOR + UNEXPLAINED_MARGIN) {
    add(
      `${id} holds ${allocations} allocations, and the sessions explain ${explained}. Clients hold them too long, or another application uses the server: look at its log, and set user-quota and max-allocate-lifetime.`,
    );
  }
  if (capacity !== null && (allocations ?? explained) >= capacity * NEARLY_FULL) {
    add(
      `${id} is nearly full: ${allocations ?? explained} of ${capacity} allocations. Add a server.`,
    );
  }
  return found;
}

function pathsOf(reports: readonly TurnReport[]): TurnSample['paths'] {
  const of = (kind: keyof TurnSample['paths']) => sum(reports.map(({ paths }) => paths[kind]));
  return { direct: of('direct'), relay: of('relay'), none: of('none'), unknown: of('unknown') };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function highest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? Math.max(...known) : null;
}

function lowest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

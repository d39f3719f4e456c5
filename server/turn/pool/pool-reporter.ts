// Reports the TURN servers as one media node sees them: to the store, where the dashboard finds it, and to
// its metrics. It also reads the metrics of the servers, and keeps the points of the curves.

import { turnKey } from '../../../shared/media/turn-key.ts';
import type { PathReport } from '../../../shared/protocol/media-messages.ts';
import type { TurnReport, TurnServer, TurnStore } from '../../cluster/turn.ts';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { UrlHealth } from '../probe/health.ts';
import { readTurnLoad } from './coturn-metrics.ts';
import { Endings } from './endings.ts';
import { allocationsOf, loadsOf, memorable, sampleOf } from './overview.ts';

/** A media session, as far as relays matter. */
export interface TurnHolder {
  readonly servers: readonly string[];
  /** As the client reported them, for each transport. */
  readonly paths: readonly PathReport[];
}

export interface PoolReporterOptions {
  store: TurnStore;
  nodeId: string;
  region: string | null;
  settings: Config['turn'];
  servers(): readonly TurnServer[];
  healthOf(serverId: string, url: string): UrlHealth;
  holders(): readonly TurnHolder[];
  /** Allocations of each server, counted or estimated. */
  onLoads(loads: ReadonlyMap<string, number>): void;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

type Figures = TurnReport['servers'][string];
interface Measured {
  at: number;
  allocations: number;
  bytes: number;
  bitrate: number | null;
}

/** An unchanged report is repeated after this time, before the store forgets it. */
const REPEAT_MS = 10_000;
const FORGOTTEN_AFTER_MS = 30_000;
/** Between two reports, for each address in them, up to the time above: those of a thousand come every 5 s. */
const PAUSE_PER_URL_MS = 5;
const LOAD_TIMEOUT_MS = 3_000;
/** Codes of RFC 8656 §19 and RFC 8489 §14.8, and 701 of the W3C. A client may send any other number. */
const CODES = new Set([
  '300',
  '400',
  '401',
  '403',
  '437',
  '438',
  '441',
  '442',
  '486',
  '508',
  '701',
]);
/** Servers whose metrics are read at the same time. */
const READ_AT_ONCE = 16;

export class PoolReporter {
  readonly #options: PoolReporterOptions;
  readonly #timers: readonly Timer[];
  readonly #endings = new Endings();
  readonly #refusals = new Map<string, number>();
  readonly #measured = new Map<string, Measured>();
  /** Servers that have a line in the metrics. */
  #shown = new Set<string>();
  #last = { text: '', at: Number.NEGATIVE_INFINITY };
  readonly #closing = new AbortController();
  /** Actions under way, by name. */
  readonly #running = new Map<string, Promise<void>>();
  /** Servers whose metrics could not be read the last time. */
  readonly #unread = new Set<string>();

  constructor(options: PoolReporterOptions) {
    this.#options = options;
    const { resources, settings } = options;
    this.#timers = [
      resources.every(settings.refreshMs, () => this.#once('report', () => this.#report())),
      resources.every(settings.loadIntervalMs, () => this.#once('sample', () => this.#sample())),
    ];
  }

  released(serverIds: readonly string[]): void {
    this.#endings.add(serverIds, performance.now());
  }

  refused(serverId: string, code: number): void {
    this.#refusals.set(serverId, (this.#refusals.get(serverId) ?? 0) + 1);
    const known = CODES.has(String(code)) ? String(code) : 'other';
    this.#options.metrics.turn.refusals.inc({ server: serverId, code: known });
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) timer.close();
    this.#closing.abort();
    await Promise.all(this.#running.values());
  }

  /** Skips the action while the one before is under way: the next one covers both. */
  #once(name: string, action: () => Promise<void>): void {
    if (this.#running.has(name)) return;
    const running = action()
      .catch((err) => this.#options.log.debug({ err }, 'TURN figures were not kept'))
      .finally(() => this.#running.delete(name));
    this.#running.set(name, running);
  }

  async #report(): Promise<void> {
    const { store, settings } = this.#options;
    const report = this.#make();
    this.#show(report);
    const now = performance.now();
    // A report of a large pool is large.
    const leastMs = Math.min(report.urls.length * PAUSE_PER_URL_MS, REPEAT_MS);
    if (now - this.#last.at < leastMs) return;
    // Round trips differ every time: alone they are not worth a write.
    const text = JSON.stringify({
      ...report,
      urls: report.urls.map((u) => ({ ...u, roundTripMs: 0 })),
    });
    if (text === this.#last.text && now - this.#last.at < REPEAT_MS) return;
    await store.report(report, Math.max(FORGOTTEN_AFTER_MS, settings.refreshMs * 3));
    this.#last = { text, at: now };
  }

  async #sample(): Promise<void> {
    const { store, settings, servers, onLoads } = this.#options;
    await this.#measure();
    const reports = await store.reports();
    const sample = sampleOf(servers(), reports, Date.now());
    onLoads(loadsOf(sample));
    await store.sample(memorable(sample), settings.loadIntervalMs * 0.9);
  }

  async #measure(): Promise<void> {
    const readable = this.#options.servers().filter(({ metricsUrl }) => metricsUrl !== null);
    const ids = new Set(readable.map(({ id }) => id));
    for (const id of this.#measured.keys()) if (!ids.has(id)) this.#measured.delete(id);
    for (let n = 0; n < readable.length; n += READ_AT_ONCE) {
      if (this.#closing.signal.aborted) return;
      await Promise.all(readable.slice(n, n + READ_AT_ONCE).map((server) => this.#read(server)));
    }
  }

  async #read({ id, metricsUrl }: TurnServer): Promise<void> {
    try {
      const load = await readTurnLoad(metricsUrl ?? '', LOAD_TIMEOUT_MS, this.#closing.signal);
      const before = this.#measured.get(id);
      const at = performance.now();
      const seconds = before ? (at - before.at) / 1_000 : 0;
      // A counter that fell began anew with its server.
      const bitrate =
        before && seconds > 0 && load.bytes >= before.bytes
          ? Math.round(((load.bytes - before.bytes) * 8) / seconds)
          : null;
      this.#measured.set(id, { at, ...load, bitrate });
      this.#unread.delete(id);
    } catch (error) {
      this.#measured.delete(id);
      if (this.#unread.has(id) || this.#closing.signal.aborted) return;
      this.#unread.add(id);
      // Not the error itself, which may repeat an address with a password in it.
      const reason = error instanceof Error && error.name === 'Error' ? error.message : 'no answer';
      this.#options.log.warn(
        { turnServer: id, reason },
        'the metrics of a TURN server cannot be read: its load is estimated',
      );
    }
  }

  #make(): TurnReport {
    const { nodeId, region, servers, healthOf, holders } = this.#options;
    const ended = this.#endings.counts(performance.now());
    const figures = new Map<string, Figures>();
    const owners = new Map<string, string>();
    for (const { id, urls } of servers()) {
      for (const url of urls) owners.set(turnKey(url) ?? url, id);
      figures.set(id, {
        sessions: 0,
        relayed: 0,
        ended: ended.get(id) ?? 0,
        refusals: this.#refusals.get(id) ?? 0,
        allocations: this.#measured.get(id)?.allocations ?? null,
        bitrate: this.#measured.get(id)?.bitrate ?? null,
      });
    }
    const paths = { direct: 0, relay: 0, none: 0, unknown: 0 };
    for (const holder of holders()) {
      paths[kindOf(holder)] += 1;
      for (const id of holder.servers) {
        const known = figures.get(id);
        if (known) known.sessions += 1;
      }
      const relay = relayOf(holder, owners);
      const used = relay === undefined ? undefined : figures.get(relay);
      if (used) used.relayed += 1;
    }
    return {
      nodeId,
      region,
      urls: servers().flatMap(({ id, urls }) =>
        urls.map((url) => {
          const { state, full, message, roundTripMs } = healthOf(id, url);
          // One lost probe is no news. An address that works has a message only when it is full.
          const why = state === 'failed' || full ? message : null;
          return { serverId: id, url, state, message: why, roundTripMs };
        }),
      ),
      servers: Object.fromEntries(figures),
      paths,
    };
  }

  #show({ servers: figures, urls }: TurnReport): void {
    const { metrics, servers, holders } = this.#options;
    const { turn } = metrics;
    const present = new Set<string>();
    for (const { id: server, capacity, draining, urls: all } of servers()) {
      const known = figures[server];
      if (!known) continue;
      present.add(server);
      turn.sessions.set({ server }, known.sessions);
      turn.relayed.set({ server }, known.relayed);
      turn.explained.set({ server }, (known.sessions + known.ended) * allocationsOf(all));
      if (known.allocations !== null) turn.allocations.set({ server }, known.allocations);
      else turn.allocations.remove({ server });
      if (known.bitrate !== null) turn.bitrate.set({ server }, known.bitrate);
      else turn.bitrate.remove({ server });
      turn.draining.set({ server }, draining ? 1 : 0);
      if (capacity !== null) turn.capacity.set({ server }, capacity);
      else turn.capacity.remove({ server });
    }
    // Anew each time: an address that was taken out of its server has no figures any more.
    turn.up.reset();
    turn.probe.reset();
    for (const { serverId: server, url, state, roundTripMs } of urls) {
      if (state !== 'unknown') turn.up.set({ server, url }, state === 'ok' ? 1 : 0);
      if (state === 'ok' && roundTripMs !== null) {
        turn.probe.set({ server, url }, roundTripMs / 1_000);
      }
    }
    for (const server of this.#shown) if (!present.has(server)) this.#hide(server);
    this.#shown = present;
    metrics.sessionPaths.reset();
    for (const holder of holders()) {
      const kind = kindOf(holder);
      const path = holder.paths.find((one) => one.kind === kind);
      metrics.sessionPaths.inc({ kind, protocol: path?.protocol ?? 'unknown' });
    }
  }

  /** A server that was taken out of the pool has no figures any more. */
  #hide(server: string): void {
    const { turn } = this.#options.metrics;
    this.#refusals.delete(server);
    turn.credentials.remove({ server });
    for (const code of [...CODES, 'other']) turn.refusals.remove({ server, code });
    for (const gauge of [
      turn.sessions,
      turn.relayed,
      turn.explained,
      turn.allocations,
      turn.bitrate,
      turn.capacity,
      turn.draining,
    ]) {
      gauge.remove({ server });
    }
  }
}

/** The worst of its transports is what the participant notices. */
function kindOf({ paths }: TurnHolder): keyof TurnReport['paths'] {
  for (const kind of ['none', 'relay', 'direct'] as const) {
    if (paths.some((path) => path.kind === kind)) return kind;
  }
  return 'unknown';
}

/** The server that relays. Where the browser does not name it, the first one that was granted. */
function relayOf(
  { paths, servers }: TurnHolder,
  owners: ReadonlyMap<string, string>,
): string | undefined {
  const path = paths.find(({ kind }) => kind === 'relay');
  if (!path) return undefined;
  // A relay that it names and we no longer have is not the first one either.
  return path.server === null ? servers[0] : owners.get(turnKey(path.server) ?? path.server);
}

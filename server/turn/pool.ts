// The TURN pool as one media node uses it: which servers a session gets, and when it needs others.
import type { TurnServer, TurnStore } from '../cluster/turn.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Resources } from '../telemetry/resources.ts';
import { chooseByWeight, type TurnCandidate, type TurnChooser } from './choice.ts';
import { credentialsFor, type IceServers, iceServersFor } from './credentials.ts';
import type { ConfiguredTurn } from './environment.ts';
import type { ProbeOutcome, UrlHealth } from './health.ts';
import { HealthWatch } from './health-watch.ts';
import { PoolReporter, type TurnHolder } from './pool-reporter.ts';
import { PoolSync } from './pool-sync.ts';
import { type IceTarget, probeTurn } from './probe.ts';
import { parseTurnUrl } from './turn-url.ts';

export interface TurnPoolOptions {
  store: TurnStore;
  nodeId: string;
  region: string | null;
  configured: ConfiguredTurn;
  settings: Config['turn'];
  /** Another way to choose. */
  choose?: TurnChooser | undefined;
  /** A media port of this node that answers ICE checks: what relays have to reach. */
  target(): Promise<IceTarget | undefined>;
  /** The media sessions of this node. */
  holders(): readonly TurnHolder[];
  /** Some sessions may need other servers: see {@link TurnPool.isStale}. */
  onChange(): void;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

/** What a session was given, and what to remember of it. */
export interface TurnGrant extends IceServers {
  readonly servers: readonly string[];
  /** Addresses of those servers in it. */
  readonly urls: readonly string[];
}

export const NO_GRANT: Pick<TurnGrant, 'servers' | 'urls'> = { servers: [], urls: [] };

/** User part of the credentials that probes use: seen in a TURN server's log, each node's its own. */
const PROBE_USER = 'parley-probe-';
/** Enough of a node's id to tell it from the others. */
const ID_LENGTH = 8;

interface Candidate extends TurnCandidate {
  load: number;
}

export class TurnPool {
  readonly #options: TurnPoolOptions;
  readonly #watch: HealthWatch;
  #sync: PoolSync | undefined;
  #reporter: PoolReporter | undefined;
  #servers = new Map<string, TurnServer>();
  #hosts = new Map<string, readonly string[]>();
  #candidates = new Map<string, Candidate>();
  #choose: ReturnType<TurnChooser> | undefined;

  private constructor(options: TurnPoolOptions) {
    const { settings, resources } = options;
    this.#options = options;
    this.#watch = new HealthWatch({
      probe: (server, url) => this.#probe(server, url),
      intervalMs: settings.probeIntervalMs,
      probesPerSecond: settings.probesPerSecond,
      recoveryMs: settings.recoveryMs,
      resources,
      onChange: (server, url, health) => this.#healthChanged(server, url, health),
    });
  }

  /** Servers are known when this resolves; probing goes on in the background. */
  static async start(options: TurnPoolOptions): Promise<TurnPool> {
    const pool = new TurnPool(options);
    const { configured, settings, resources, log } = options;
    pool.#reporter = new PoolReporter({
      ...options,
      servers: () => [...pool.#servers.values()],
      healthOf: (serverId, url) => pool.#watch.of(serverId, url),
      onLoads: (loads) => pool.#adoptLoads(loads),
    });
    pool.#sync = await PoolSync.start({
      ...{ store: options.store, resources, log },
      seeds: configured.servers,
      refreshMs: settings.refreshMs,
      onChange: (servers) => pool.#adopt(servers),
    });
    return pool;
  }

  /**
   * @param userId goes into the username of minted credentials
   * @param current servers that the session has already; those that are still good are kept
   */
  grant(userId: string, current: readonly string[]): TurnGrant {
    const { settings, configured, metrics } = this.#options;
    this.#choose ??= this.#prepare();
    const wish = { count: settings.serversPerSession, seed: userId, current };
    const chosen = this.#choose(wish).flatMap((id) => this.#servers.get(id) ?? []);
    const usable = chosen.map((server) => ({ ...server, urls: this.#usableUrls(server) }));
    for (const { id } of usable) {
      metrics.turn.credentials.inc({ server: id });
      // What others explain of it comes later; until then, our own part counts.
      const candidate = this.#candidates.get(id);
      if (candidate) candidate.load += 1;
    }
    return {
      ...iceServersFor(usable, configured.stun, userId, Date.now()),
      servers: usable.map(({ id }) => id),
      urls: usable.flatMap(({ urls }) => urls),
    };
  }

  /** Whether an address that a session was given is gone, has failed, or is to be left. */
  isStale({ servers, urls }: Pick<TurnGrant, 'servers' | 'urls'>): boolean {
    const given = servers.map((id) => this.#servers.get(id));
    if (given.some((server) => server === undefined || server.draining === 'move')) return true;
    const known = new Map(
      given.flatMap((server) => server?.urls.map((url) => [url, server.id] as const) ?? []),
    );
    return urls.some((url) => {
      const id = known.get(url);
      return id === undefined || this.#watch.of(id, url).state === 'failed';
    });
  }

  /** The session is over. */
  released(grant: Pick<TurnGrant, 'servers'>): void {
    this.#reporter?.released(grant.servers);
  }

  /** A client was refused by the server with this address. */
  refused(url: string, code: number): void {
    for (const server of this.#servers.values()) {
      if (server.urls.includes(url)) this.#reporter?.refused(server.id, code);
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#sync?.close();
    this.#watch.close();
    await this.#reporter?.close();
  }

  #adopt(servers: readonly TurnServer[]): void {
    this.#servers = new Map(servers.map((server) => [server.id, server]));
    this.#hosts = new Map(servers.map(({ id, urls }) => [id, hostsOf(urls)]));
    this.#watch.watch(servers);
    this.#choose = undefined;
    this.#options.onChange();
  }

  #healthChanged({ id }: TurnServer, url: string, { state, message }: UrlHealth): void {
    const { log } = this.#options;
    if (state === 'failed')
      log.warn({ turnServer: id, url, reason: message }, 'a TURN address failed');
    else log.info({ turnServer: id, url }, 'a TURN address is usable');
    this.#choose = undefined;
    this.#options.onChange();
  }

  #adoptLoads(loads: ReadonlyMap<string, number>): void {
    for (const [id, load] of loads) {
      const candidate = this.#candidates.get(id);
      if (candidate) candidate.load = load;
    }
    // Whether one is full may be another answer now.
    this.#choose = undefined;
  }

  #prepare(): ReturnType<TurnChooser> {
    const { choose = chooseByWeight, region } = this.#options;
    const before = this.#candidates;
    const candidates = [...this.#servers.values()]
      .filter(({ draining }) => draining === null)
      .map((server) => this.#candidateOf(server, before.get(server.id)?.load ?? 0));
    this.#candidates = new Map(candidates.map((candidate) => [candidate.id, candidate]));
    return choose(candidates, region);
  }

  #candidateOf(server: TurnServer, load: number): Candidate {
    const { id, region, weight, capacity, urls } = server;
    const states = urls.map((url) => this.#watch.of(id, url).state);
    const state = states.includes('ok') ? 'ok' : states.includes('unknown') ? 'unknown' : 'failed';
    const hosts = this.#hosts.get(id) ?? [];
    return { id, hosts, region, weight, capacity, state, load };
  }

  /** Those that have not failed; all, where all have: a wrong hope is better than none. */
  #usableUrls({ id, urls }: TurnServer): readonly string[] {
    const usable = urls.filter((url) => this.#watch.of(id, url).state !== 'failed');
    return usable.length > 0 ? usable : urls;
  }

  async #probe(server: TurnServer, url: string): Promise<ProbeOutcome> {
    const { settings, metrics, target, nodeId, log } = this.#options;
    const user = PROBE_USER + nodeId.slice(0, ID_LENGTH);
    const media = await target().catch((err) => {
      log.debug({ err }, 'no media port for a TURN probe');
      return undefined;
    });
    const { username, credential } = credentialsFor(server.auth, user, Date.now());
    const result = await probeTurn({
      ...{ url, username, credential, target: media },
      timeoutMs: settings.probeTimeoutMs,
    });
    const labels = { server: server.id, url };
    metrics.turn.up.set(labels, result.ok ? 1 : 0);
    if (result.ok) {
      metrics.turn.probe.set(labels, result.roundTripMs / 1_000);
      return result;
    }
    if (result.code !== undefined) this.#reporter?.refused(server.id, result.code);
    return { ok: false, message: result.message };
  }
}

function hostsOf(urls: readonly string[]): string[] {
  return [...new Set(urls.map((url) => parseTurnUrl(url)?.host ?? url))];
}

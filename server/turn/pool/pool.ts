// The TURN pool of one media node: which servers a session gets, and when it needs others.
import { createHash } from 'node:crypto';
import { turnKey } from '../../../shared/media/turn-key.ts';
import type { TurnServer, TurnStore } from '../../cluster/turn.ts';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { parseTurnUrl } from '../client/turn-url.ts';
import type { ProbeOutcome, UrlHealth } from '../probe/health.ts';
import { HealthWatch } from '../probe/health-watch.ts';
import { type IceTarget, probeTurn } from '../probe/probe.ts';
import { chooseByWeight, type TurnCandidate, type TurnChooser } from './choice.ts';
import { credentialsFor, type IceServers, iceServersFor } from './credentials.ts';
import type { ConfiguredTurn } from './environment.ts';
import { allocationsOf } from './overview.ts';
import { PoolReporter, type TurnHolder } from './pool-reporter.ts';
import { PoolSync } from './pool-sync.ts';

export interface TurnPoolOptions {
  store: TurnStore;
  nodeId: string;
  region: string | null;
  configured: ConfiguredTurn;
  settings: Config['turn'];
  /** Another way to choose. */
  choose?: TurnChooser | undefined;
  /** A media port of this node that relays have to reach; undefined where none opens in time. */
  target(): Promise<IceTarget | undefined>;
  /** The media sessions of this node. */
  holders(): readonly TurnHolder[];
  /** Some sessions may need other servers: see {@link TurnPool.isStale}. */
  onChange(): void;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

/** The TURN servers given to one session, with their credentials. */
export interface TurnGrant extends IceServers {
  readonly servers: readonly string[];
  /** Addresses of those servers in it. */
  readonly urls: readonly string[];
  /** A digest of each server's secret: it changes with the secret. */
  readonly secrets: readonly string[];
}

/** The part of a grant that is kept. */
export type GrantRecord = Pick<TurnGrant, 'servers' | 'urls' | 'secrets'>;

export const NO_GRANT: GrantRecord = { servers: [], urls: [], secrets: [] };

/** User part of a probe's credentials, with the node's id behind it: seen in a TURN server's log. */
const PROBE_USER = 'parley-probe-';
/** Enough of a node's id to be unique. */
const ID_LENGTH = 8;

/** Above this part of its capacity a server is full: the rest is for sessions that come back. */
const FULL_AT = 0.9;

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
  /** A digest of each server's secret. */
  #secrets = new Map<string, string>();
  #candidates = new Map<string, Candidate>();
  /** Allocations of each server: the last sample, and what we gave out since. */
  #loads = new Map<string, number>();
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
    for (const ignored of configured.ignored) log.warn(ignored);
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
   * @param current servers of the session so far; those that still work are kept
   */
  grant(userId: string, current: readonly string[]): TurnGrant {
    const { settings, configured } = this.#options;
    this.#choose ??= this.#prepare();
    const wish = { count: settings.serversPerSession, seed: userId, current };
    const ids = this.#choose(wish);
    // Where there is no other, a server that should be left is better than none.
    const chosen = (ids.length > 0 ? ids : current).flatMap((id) => this.#servers.get(id) ?? []);
    const usable = chosen.map((server) => ({ ...server, urls: this.#usableUrls(server) }));
    return {
      ...iceServersFor(usable, configured.stun, userId, Date.now()),
      servers: usable.map(({ id }) => id),
      urls: usable.flatMap(({ urls }) => urls),
      secrets: usable.map(({ id }) => this.#secrets.get(id) ?? ''),
    };
  }

  /** A session was given these servers in place of those. They count as used from now on. */
  granted({ servers, urls }: TurnGrant, before: readonly string[]): void {
    for (const id of servers) {
      this.#options.metrics.turn.credentials.inc({ server: id });
      if (before.includes(id)) continue;
      // The next sample counts all nodes. Until then, our own part is added.
      const used = this.#servers.get(id)?.urls.filter((url) => urls.includes(url)) ?? [];
      this.#load(id, allocationsOf(used));
    }
  }

  /**
   * Whether an address that a session was given is gone, has failed, or is to be left, or the secret
   * behind its credentials is another one now.
   */
  isStale({ servers, urls, secrets }: GrantRecord): boolean {
    const given = servers.map((id) => this.#servers.get(id));
    if (given.some((server) => server === undefined || server.draining === 'move')) return true;
    if (servers.some((id, n) => this.#secrets.get(id) !== secrets[n])) return true;
    const known = new Map(
      given.flatMap((server) => server?.urls.map((url) => [url, server.id] as const) ?? []),
    );
    return urls.some((url) => {
      const id = known.get(url);
      return id === undefined || this.#watch.of(id, url).state === 'failed';
    });
  }

  /** A session no longer uses these servers. */
  released(serverIds: readonly string[]): void {
    if (serverIds.length > 0) this.#reporter?.released(serverIds);
  }

  /** A server refused a client, at this address as its browser spells it. */
  refused({ servers }: Pick<TurnGrant, 'servers'>, url: string, code: number): void {
    const key = turnKey(url);
    if (key === undefined) return;
    const server = servers
      .flatMap((id) => this.#servers.get(id) ?? [])
      .find(({ urls }) => urls.some((one) => turnKey(one) === key));
    if (server) this.#reporter?.refused(server.id, code);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.#sync?.close();
    await this.#watch.close();
    await this.#reporter?.close();
  }

  #adopt(servers: readonly TurnServer[]): void {
    this.#servers = new Map(servers.map((server) => [server.id, server]));
    this.#hosts = new Map(servers.map(({ id, urls }) => [id, hostsOf(urls)]));
    this.#secrets = new Map(servers.map((server) => [server.id, digestOf(server)]));
    this.#watch.watch(servers);
    this.#choose = undefined;
    this.#options.onChange();
  }

  #healthChanged({ id }: TurnServer, url: string, { state, full, message }: UrlHealth): void {
    const { log } = this.#options;
    const fields = { turnServer: id, url, ...(message !== null && { reason: message }) };
    if (state === 'failed') log.warn(fields, 'a TURN address failed');
    else if (full) log.warn(fields, 'a TURN server takes no new allocations');
    else log.info(fields, 'a TURN address is usable');
    this.#choose = undefined;
    this.#options.onChange();
  }

  #adoptLoads(loads: ReadonlyMap<string, number>): void {
    this.#loads = new Map(loads);
    // Another server may be full now.
    this.#choose = undefined;
  }

  #load(id: string, more: number): void {
    const load = (this.#loads.get(id) ?? 0) + more;
    this.#loads.set(id, load);
    const candidate = this.#candidates.get(id);
    if (candidate) candidate.load = load;
  }

  #prepare(): ReturnType<TurnChooser> {
    const { choose = chooseByWeight, region } = this.#options;
    const candidates = [...this.#servers.values()]
      .filter(({ draining }) => draining !== 'move')
      .map((server) => this.#candidateOf(server, this.#loads.get(server.id) ?? 0));
    this.#candidates = new Map(candidates.map((candidate) => [candidate.id, candidate]));
    return choose(candidates, region);
  }

  #candidateOf(server: TurnServer, load: number): Candidate {
    const { id, region, weight, capacity, urls } = server;
    const known = urls.map((url) => this.#watch.of(id, url));
    const states = known.map(({ state }) => state);
    const state = states.includes('ok') ? 'ok' : states.includes('unknown') ? 'unknown' : 'failed';
    const hosts = this.#hosts.get(id) ?? [];
    const full =
      (capacity !== null && load >= capacity * FULL_AT) ||
      known.every((one) => one.full || one.state === 'failed');
    return { id, hosts, region, weight, state, load, full, draining: server.draining !== null };
  }

  /** The addresses that have not failed. Where all have, all: they may work again. */
  #usableUrls({ id, urls }: TurnServer): readonly string[] {
    const usable = urls.filter((url) => this.#watch.of(id, url).state !== 'failed');
    return usable.length > 0 ? usable : urls;
  }

  async #probe(server: TurnServer, url: string): Promise<ProbeOutcome> {
    const { settings, target, nodeId, log } = this.#options;
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
    if (result.ok) return result;
    if (result.code !== undefined) this.#reporter?.refused(server.id, result.code);
    return { ok: false, message: result.message, full: result.failure === 'quota' };
  }
}

/** Changes with the server's secret, which cannot be read from it. */
function digestOf({ id, auth }: TurnServer): string {
  return createHash('sha256')
    .update(JSON.stringify([id, auth]))
    .digest('base64url')
    .slice(0, 16);
}

function hostsOf(urls: readonly string[]): string[] {
  return [...new Set(urls.map((url) => parseTurnUrl(url)?.host ?? url))];
}

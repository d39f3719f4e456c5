// Probes every address of every TURN server, in turn and not all at once, and keeps their health.
import type { TurnServer } from '../../cluster/turn.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import {
  healthAfter,
  isDoubtful,
  NEVER_PROBED,
  type ProbeOutcome,
  type UrlHealth,
} from './health.ts';

export interface HealthWatchOptions {
  /** Tries an address once. Never rejects. */
  probe(server: TurnServer, url: string): Promise<ProbeOutcome>;
  /** Between two probes of one address, milliseconds, ±20 %. */
  intervalMs: number;
  probesPerSecond: number;
  recoveryMs: number;
  resources: Resources;
  /** An address became usable, or ceased to be. */
  onChange(server: TurnServer, url: string, health: UrlHealth): void;
}

interface Watched {
  server: TurnServer;
  readonly url: string;
  /** Identifies what is probed. With other credentials, the series of probes begins anew. */
  readonly identity: string;
  health: UrlHealth;
  /** `performance.now()` of the next probe. */
  nextAt: number;
  probing: boolean;
}

/** How often due probes are looked for. */
const TICK_MS = 50;
/** Spare rate for confirmations and late probes: addresses are probed on time. */
const HEADROOM = 1.2;
/** Processes that started together should not probe together. */
const JITTER = 0.2;
/** After a first failure: long enough for a lost packet's queue to have drained. */
const CONFIRM_AFTER_MS = 300;

export class HealthWatch {
  readonly #options: HealthWatchOptions;
  #watched = new Map<string, Watched>();
  #timer: Timer | undefined;
  /** Probes that may start now. */
  #budget = 0;
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  /** Watches these from now on. The health of those watched before is kept. */
  watch(servers: readonly TurnServer[]): void {
    const next = new Map<string, Watched>();
    for (const server of servers) {
      const identity = JSON.stringify(server.auth);
      for (const url of server.urls) {
        const key = keyOf(server.id, url);
        const before = this.#watched.get(key);
        if (before?.identity === identity) {
          before.server = server;
          next.set(key, before);
        } else {
          const fresh = { health: NEVER_PROBED, nextAt: performance.now(), probing: false };
          next.set(key, { server, url, identity, ...fresh });
        }
      }
    }
    this.#watched = next;
    if (next.size > 0 && !this.#closed) {
      this.#timer ??= this.#options.resources.every(TICK_MS, () => this.#tick());
    } else {
      this.#timer?.close();
      this.#timer = undefined;
    }
  }

  of(serverId: string, url: string): UrlHealth {
    return this.#watched.get(keyOf(serverId, url))?.health ?? NEVER_PROBED;
  }

  /** Ends the probing. Resolves when running probes have freed their allocations. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.close();
    this.#timer = undefined;
    await Promise.all(this.#running);
  }

  #tick(): void {
    const { probesPerSecond } = this.#options;
    const now = performance.now();
    const perTick = (probesPerSecond * TICK_MS) / 1_000;
    this.#budget = Math.min(this.#budget + perTick, perTick + 1);
    if (this.#budget < 1) return;
    const due = [...this.#watched.values()].filter(
      ({ probing, nextAt }) => !probing && nextAt <= now,
    );
    // The longest overdue first: otherwise the last ones would never have their turn.
    due.sort((a, b) => a.nextAt - b.nextAt);
    for (const watched of due.slice(0, Math.floor(this.#budget))) {
      this.#budget -= 1;
      const probing = this.#probe(watched).finally(() => this.#running.delete(probing));
      this.#running.add(probing);
    }
  }

  async #probe(watched: Watched): Promise<void> {
    const { probe, recoveryMs, onChange } = this.#options;
    watched.probing = true;
    const startedAt = performance.now();
    const outcome = await probe(watched.server, watched.url);
    watched.probing = false;
    if (this.#closed) return;
    const { state, full } = watched.health;
    const now = performance.now();
    watched.health = healthAfter(watched.health, outcome, now, recoveryMs);
    const jitter = 1 + JITTER * (2 * Math.random() - 1);
    watched.nextAt = startedAt + this.#intervalMs * jitter;
    if (isDoubtful(watched.health)) this.#doubt(watched, now);
    // It may have been removed from the pool meanwhile.
    const isSame = watched.health.state === state && watched.health.full === full;
    if (isSame || !this.#isWatched(watched)) return;
    onChange(watched.server, watched.url, watched.health);
  }

  /** Looks again soon, and at the server's other addresses now: mostly they fall together. */
  #doubt(doubtful: Watched, now: number): void {
    for (const watched of this.#watched.values()) {
      if (watched.server.id === doubtful.server.id && watched.health.failures === 0) {
        watched.nextAt = Math.min(watched.nextAt, now);
      }
    }
    doubtful.nextAt = now + CONFIRM_AFTER_MS;
  }

  /** Many addresses take longer than the interval: each then gets its share of the probes. */
  get #intervalMs(): number {
    const { intervalMs, probesPerSecond } = this.#options;
    return Math.max(intervalMs, (this.#watched.size / probesPerSecond) * 1_000 * HEADROOM);
  }

  #isWatched(watched: Watched): boolean {
    return this.#watched.get(keyOf(watched.server.id, watched.url)) === watched;
  }
}

function keyOf(serverId: string, url: string): string {
  return `${serverId} ${url}`;
}

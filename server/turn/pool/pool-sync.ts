// Keeps a process's copy of the TURN pool like the store's, adds the servers of its own configuration,
// and puts the pool back into a store that lost its memory.
import type { TurnServer, TurnServers, TurnStore } from '../../cluster/turn.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';

export interface PoolSyncOptions {
  store: TurnStore;
  /** The servers of its own configuration. */
  seeds: readonly TurnServer[];
  refreshMs: number;
  resources: Resources;
  log: Logger;
  onChange(servers: readonly TurnServer[]): void;
}

/** Well within the time after which the store drops a server that no process has configured any more. */
const SEED_AGAIN_MS = 60_000;

export class PoolSync {
  readonly #options: PoolSyncOptions;
  readonly #timer: Timer;
  #known: TurnServers | undefined;
  #seededAt = Number.NEGATIVE_INFINITY;
  #hasSeeded = false;
  #running = false;
  #failing = false;

  private constructor(options: PoolSyncOptions) {
    this.#options = options;
    this.#timer = options.resources.every(options.refreshMs, () => void this.refresh());
  }

  /** Resolves when the pool was read, or the store is away. */
  static async start(options: PoolSyncOptions): Promise<PoolSync> {
    const sync = new PoolSync(options);
    await sync.refresh();
    return sync;
  }

  get servers(): readonly TurnServer[] {
    // Until the store was read, only the configured servers are known.
    return this.#known?.servers ?? this.#options.seeds;
  }

  /** Never rejects: without the store, the copy is unchanged. */
  async refresh(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const { store, log } = this.#options;
    try {
      const read = await store.read(this.#known);
      if (read && this.#known && read.birth !== this.#known.birth && this.#known.birth !== '') {
        log.warn('the store has lost the TURN pool; putting it back');
        await store.restore(this.#known);
        this.#seededAt = Number.NEGATIVE_INFINITY;
        this.#adopt((await store.read(undefined)) ?? read);
      } else if (read) {
        this.#adopt(read);
      }
      // After the restore, which brings back what an operator changed in these.
      if (await this.#seed()) {
        const seeded = await store.read(this.#known);
        if (seeded) this.#adopt(seeded);
      }
      this.#failing = false;
    } catch (err) {
      if (!this.#failing) log.warn({ err }, 'the TURN pool was not read; using the one known');
      this.#failing = true;
      if (!this.#known) this.#options.onChange(this.servers);
    } finally {
      this.#running = false;
    }
  }

  close(): void {
    this.#timer.close();
  }

  /** @returns whether it was due */
  async #seed(): Promise<boolean> {
    const { store, seeds } = this.#options;
    const now = performance.now();
    if (seeds.length === 0 || now - this.#seededAt < SEED_AGAIN_MS) return false;
    // Only when a process starts is its configuration newer than the pool.
    await store.seed(seeds, { replace: !this.#hasSeeded });
    this.#hasSeeded = true;
    this.#seededAt = now;
    return true;
  }

  #adopt(read: TurnServers): void {
    this.#known = read;
    this.#options.onChange(read.servers);
  }
}

// The mediasoup workers of this node, one WebRtcServer each; a dead one is replaced.
import { createWorker } from 'mediasoup';
import type { TransportListenInfo, WebRtcServer, Worker, WorkerSettings } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import { countWhileOpen } from './count.ts';

/** Where the search for free ports begins: below it live most of what servers listen on. */
const FIRST_PORT = 40_000;
/** Ports tried for one worker before giving up: enough for several Parleys on one machine. */
const PORT_ATTEMPTS = 200;
/** A worker that lived this long had a single accident. One that did not may be dying in a loop. */
const HEALTHY_LIFETIME_MS = 10_000;
const RESPAWN_DELAY_MAX_MS = 10_000;
/** How long a room waits for a worker when all are dead. Their replacement takes some 100 ms. */
const WAIT_FOR_WORKER_MS = 4_000;

export interface WorkerPoolOptions {
  count: number;
  workerBin: string;
  /** First port, which then must be free; 0 for any; undefined to search from 40000. */
  port: number | undefined;
  listenInfos(port: number): TransportListenInfo[];
  resources: Resources;
  log: Logger;
}

/** A living worker. When it dies, another object replaces it. */
export interface LiveWorker {
  readonly index: number;
  readonly port: number;
  readonly worker: Worker;
  readonly server: WebRtcServer;
  /** Media sessions on it, kept by those who open and close them. */
  sessions: number;
}

interface Slot {
  readonly index: number;
  live: LiveWorker | undefined;
  /** The port it got; its replacement tries it first. */
  port: number | undefined;
  failures: number;
  respawn: Timer | undefined;
}

export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: Slot[];
  readonly #waiters = new Set<() => void>();
  #nextPort: number;
  #closed = false;
  /** Called once for each worker that ended unasked, after it was taken out of the pool. */
  onDied: (worker: LiveWorker) => void = () => {};
  /** Called when a worker is there, or there again. */
  onLive: () => void = () => {};

  private constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#nextPort = firstPort(options.port);
    this.#slots = Array.from({ length: options.count }, (_, index) => ({
      index,
      live: undefined,
      port: undefined,
      failures: 0,
      respawn: undefined,
    }));
  }

  /** @throws Error when a worker does not start or its port cannot be had */
  static async start(options: WorkerPoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    try {
      // In order, so that ports go up with the index.
      for (const slot of pool.#slots) await pool.#spawn(slot);
      return pool;
    } catch (error) {
      pool.close();
      throw error;
    }
  }

  get live(): readonly LiveWorker[] {
    return this.#slots.flatMap(({ live }) => (live ? [live] : []));
  }

  /**
   * The least loaded worker, rather not one of `besides`; waits a moment when all are being replaced.
   * @throws ParleyError `no_capacity`
   */
  async pick(besides: readonly LiveWorker[] = []): Promise<LiveWorker> {
    const byLoad = [...this.live].sort((a, b) => a.sessions - b.sessions);
    const best = byLoad.find((worker) => !besides.includes(worker)) ?? byLoad[0];
    if (best) return best;
    if (this.#closed || !(await this.#someoneLives())) {
      throw new ParleyError('no_capacity', { retryAfterMs: WAIT_FOR_WORKER_MS });
    }
    return this.pick(besides);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const slot of this.#slots) {
      slot.respawn?.close();
      slot.live?.worker.close();
      slot.live = undefined;
    }
    this.#wake();
  }

  async #spawn(slot: Slot): Promise<void> {
    const { workerBin, resources, log } = this.#options;
    const startedAt = performance.now();
    const worker = await createOwnWorker({ workerBin, logLevel: 'warn' });
    countWhileOpen(resources, 'worker', worker);
    if (this.#closed) return worker.close();
    const { server, port } = await this.#listen(worker, slot).catch((error) => {
      worker.close();
      throw error;
    });
    if (this.#closed) return worker.close();
    slot.port = port;
    const live: LiveWorker = { index: slot.index, port, worker, server, sessions: 0 };
    slot.live = live;
    worker.once('died', (error) => {
      log.error({ err: error, worker: slot.index, workerPid: worker.pid }, 'worker died');
      slot.live = undefined;
      const healthy = performance.now() - startedAt > HEALTHY_LIFETIME_MS;
      slot.failures = healthy ? 0 : slot.failures + 1;
      this.#respawnLater(slot);
      this.onDied(live);
    });
    this.#wake();
    this.onLive();
  }

  async #listen(worker: Worker, slot: Slot): Promise<{ server: WebRtcServer; port: number }> {
    if (this.#options.port) {
      // The only one that firewalls let through. While others have it, this worker is not there,
      // and rooms are on another.
      const port = this.#options.port + slot.index;
      return { server: await this.#listenOn(worker, port), port };
    }
    let lastError: unknown;
    if (slot.port !== undefined) {
      try {
        return { server: await this.#listenOn(worker, slot.port), port: slot.port };
      } catch (error) {
        // Another program took the port. It was not promised to clients, so another will do.
        this.#options.log.warn({ err: error, worker: slot.index }, 'a worker needs another port');
      }
    }
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt++) {
      const port = this.#nextPort++;
      try {
        return { server: await this.#listenOn(worker, port), port };
      } catch (error) {
        lastError = error;
      }
    }
    throw new Error(`No free media port among ${PORT_ATTEMPTS}.`, { cause: lastError });
  }

  async #listenOn(worker: Worker, port: number): Promise<WebRtcServer> {
    const listenInfos = this.#options.listenInfos(port);
    try {
      return await worker.createWebRtcServer({ listenInfos });
    } catch (cause) {
      const addresses = [...new Set(listenInfos.map(({ ip }) => ip))].join(', ');
      throw new Error(`Media port ${port} cannot be opened on ${addresses}.`, { cause });
    }
  }

  #respawnLater(slot: Slot): void {
    if (this.#closed) return;
    // At once the first time, then after 0.5 s, 1 s, …, so that a broken machine is not kept busy.
    const delayMs =
      slot.failures <= 1 ? 0 : Math.min(500 * 2 ** (slot.failures - 2), RESPAWN_DELAY_MAX_MS);
    slot.respawn = this.#options.resources.after(delayMs, () => {
      this.#spawn(slot).catch((error) => {
        this.#options.log.error({ err: error, worker: slot.index }, 'worker did not start');
        slot.failures += 1;
        this.#respawnLater(slot);
      });
    });
  }

  #someoneLives(): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = () => {
        timer.close();
        this.#waiters.delete(wake);
        resolve(this.live.length > 0);
      };
      const timer = this.#options.resources.after(WAIT_FOR_WORKER_MS, wake);
      this.#waiters.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }
}

/**
 * mediasoup closes its workers when the process gets a signal to end. Ours go on until their participants have
 * moved.
 */
function createOwnWorker(settings: WorkerSettings): Promise<Worker> {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const before = signals.map((signal) => new Set(process.listeners(signal)));
  // The listeners are added in this very turn.
  const starting = createWorker(settings);
  for (const [index, signal] of signals.entries()) {
    for (const listener of process.listeners(signal)) {
      if (!before[index]?.has(listener)) process.off(signal, listener);
    }
  }
  return starting;
}

function firstPort(port: number | undefined): number {
  // Any port: a random start, so that several nodes at once do not search the same ones.
  if (port === 0) return FIRST_PORT + Math.floor(Math.random() * 20_000);
  return FIRST_PORT;
}

// The media workers that servers of this process started: their ids, and their contents.
import type { TestContext } from 'node:test';
import { observer } from 'mediasoup';
import type { WebRtcServer, Worker } from 'mediasoup/types';

/** The contents that a worker itself reports, whatever our counters are. */
export interface WorkerContents {
  routers: number;
  transports: number;
}

export class TestWorkers {
  readonly #workers = new Map<Worker, WebRtcServer[]>();

  /** Sees the workers that are started from now on, until the test is over. */
  constructor(context: TestContext) {
    const onNew = (worker: Worker) => {
      const servers: WebRtcServer[] = [];
      this.#workers.set(worker, servers);
      worker.observer.on('newwebrtcserver', (server) => servers.push(server));
      worker.observer.once('close', () => this.#workers.delete(worker));
    };
    observer.on('newworker', onNew);
    context.after(() => observer.off('newworker', onNew));
  }

  /** In the order they were started. */
  get alive(): readonly Worker[] {
    return [...this.#workers.keys()];
  }

  /** The one there is. */
  get only(): Worker {
    const [worker, ...others] = this.alive;
    if (!worker || others.length > 0) throw new Error(`there are ${this.alive.length} workers`);
    return worker;
  }

  /** Meanwhile the only worker stands still: it answers no request, but is not dead. */
  async whileFrozen<T>(action: () => Promise<T>): Promise<T> {
    const { pid } = this.only;
    process.kill(pid, 'SIGSTOP');
    try {
      return await action();
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  /** The one whose media goes through this port. */
  async onPort(port: number): Promise<Worker> {
    for (const [worker, servers] of this.#workers) {
      for (const server of servers) {
        const { udpSockets } = await server.dump();
        if (udpSockets.some((socket) => socket.port === port)) return worker;
      }
    }
    throw new Error(`no worker listens on UDP port ${port}`);
  }

  /** The sum of all of them. */
  async contents(): Promise<WorkerContents> {
    const sum = { routers: 0, transports: 0 };
    for (const [worker, servers] of this.#workers) {
      sum.routers += (await worker.dump()).routerIds.length;
      for (const server of servers) {
        sum.transports += (await server.dump()).webRtcTransportIds.length;
      }
    }
    return sum;
  }
}

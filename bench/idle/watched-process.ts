// A Node.js process seen from outside: its CPU time, its memory after a collection of garbage, its wake-ups.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { cpuMsOf } from '../process-cpu.ts';

/** Environment for a process that is to be watched: it listens for an inspector, on a port of its own choice. */
export const WATCHED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };
/** It prints this. */
export const INSPECTOR_URL = /Debugger listening on (ws:\S+)/;

/** One collection frees what an earlier one found, and memory goes back to the system a little later. */
const COLLECTIONS = 4;
const COLLECTION_PAUSE_MS = 500;

export interface Usage {
  atMs: number;
  cpuMs: number;
  /** Times that the main thread slept and was woken. */
  wakeUps: number;
}

export interface Memory {
  heapBytes: number;
  /** ArrayBuffers and other memory that JavaScript objects own outside the heap. */
  externalBytes: number;
  rssBytes: number;
}

export class WatchedProcess {
  readonly #pid: number;
  readonly #inspector: WebSocket;
  #nextId = 1;

  private constructor(pid: number, inspector: WebSocket) {
    this.#pid = pid;
    this.#inspector = inspector;
  }

  static async connect(pid: number, inspectorUrl: string): Promise<WatchedProcess> {
    const inspector = new WebSocket(inspectorUrl, { perMessageDeflate: false, maxPayload: 0 });
    await once(inspector, 'open');
    return new WatchedProcess(pid, inspector);
  }

  async usage(): Promise<Usage> {
    const cpuMs = await cpuMsOf(this.#pid);
    const status = await readFile(`/proc/${this.#pid}/status`, 'utf8');
    const wakeUps = Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)?.[1]);
    return { atMs: performance.now(), cpuMs, wakeUps };
  }

  async memory(): Promise<Memory> {
    for (let n = 0; n < COLLECTIONS; n++) {
      await this.call('HeapProfiler.collectGarbage');
      await sleep(COLLECTION_PAUSE_MS);
    }
    const expression = 'JSON.stringify(process.memoryUsage())';
    const { result } = await this.call('Runtime.evaluate', { expression });
    const { heapUsed, external, rss } = JSON.parse(result.value);
    return { heapBytes: heapUsed, externalBytes: external, rssBytes: rss };
  }

  /** @param onEvent receives the parameters of events that come before the answer */
  call(
    method: string,
    params: object = {},
    onEvent: (params: { chunk?: string }) => void = () => {},
    // biome-ignore lint/suspicious/noExplicitAny: the Chrome DevTools Protocol has no types here
  ): Promise<any> {
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers();
    const listener = (data: unknown) => {
      const message = JSON.parse(String(data));
      if (message.id === undefined) onEvent(message.params);
      if (message.id !== id) return;
      this.#inspector.off('message', listener);
      if (message.error) reject(new Error(`${method}: ${message.error.message}`));
      else resolve(message.result);
    };
    this.#inspector.on('message', listener);
    this.#inspector.send(JSON.stringify({ id, method, params }));
    return promise;
  }

  close(): void {
    this.#inspector.terminate();
  }
}

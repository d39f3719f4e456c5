// The network check: the socket, each path to the media server, and the speed of the best one.
import { ParleyError } from '../../../shared/errors.ts';
import type { CheckPath } from '../../../shared/protocol/check-messages.ts';
import { whyNoSocket } from '../link/no-socket.ts';
import { Socket } from '../link/socket.ts';
import { measureSpeed } from './echo.ts';
import { PathCheck, runningPath } from './path.ts';
import { bestPath, NETWORK_NOT_CHECKED, type NetworkState, type PathResult } from './types.ts';

export interface NetworkCheckOptions {
  /** The server's; only its origin counts. */
  url: string | URL;
  /** Where the server asks for a token: its room. */
  room?: string;
  token?: string;
  signal?: AbortSignal;
  /** Called with the results so far, whenever there are more. */
  onProgress?: (state: NetworkState) => void;
}

/** Number of round trips that are measured. The quickest counts. */
const PINGS = 3;

/** Never rejects: failures are results. When aborted it returns the results so far. */
export async function checkNetwork(options: NetworkCheckOptions): Promise<NetworkState> {
  const run = new Run(options);
  try {
    await run.all();
  } finally {
    run.close();
  }
  return run.state;
}

class Run {
  state = NETWORK_NOT_CHECKED;
  readonly #options: NetworkCheckOptions;
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #checks: PathCheck[] = [];
  #socket: Socket | undefined;

  constructor(options: NetworkCheckOptions) {
    this.#options = options;
    const { signal } = options;
    this.#signal = signal ? AbortSignal.any([signal, this.#abort.signal]) : this.#abort.signal;
  }

  async all(): Promise<void> {
    const socket = await this.#openSocket();
    const paths = socket && (await this.#askForPaths(socket));
    if (socket && paths) {
      this.#update({ paths: { state: 'given' }, results: paths.map(runningPath) });
      await Promise.all(paths.map((path) => this.#check(path, socket)));
      await this.#measureSpeed();
    } else {
      this.#update({ speed: { state: 'none' } });
    }
    this.#update({ done: true });
  }

  close(): void {
    this.#abort.abort();
    for (const check of this.#checks) check.close();
    this.#socket?.request('checkEnd', {}).catch(() => {});
    this.#socket?.close();
  }

  #update(change: Partial<NetworkState>): void {
    this.state = { ...this.state, ...change };
    if (!this.#options.signal?.aborted) this.#options.onProgress?.(this.state);
  }

  async #openSocket(): Promise<Socket | undefined> {
    const startedAt = performance.now();
    let bye: ParleyError | undefined;
    try {
      const listener = {
        onEvent: (event: string, data: unknown) => {
          if (event === 'bye') bye = (data as { error: ParleyError }).error;
        },
        onSize: () => {},
        onLost: () => {},
      };
      const socket = await Socket.open(this.#options.url, listener, this.#signal);
      this.#socket = socket;
      const openMs = performance.now() - startedAt;
      let roundTripMs = Number.POSITIVE_INFINITY;
      for (let ping = 0; ping < PINGS; ping++) {
        const sentAt = performance.now();
        await socket.request('ping', {});
        roundTripMs = Math.min(roundTripMs, performance.now() - sentAt);
      }
      this.#update({ socket: { state: 'works', openMs, roundTripMs } });
      return socket;
    } catch (error) {
      const seen = bye?.code ?? ParleyError.from(error).code;
      const lost = seen === 'unreachable' && !this.#signal.aborted;
      const { code } = lost ? await whyNoSocket(this.#options.url) : { code: seen };
      this.#update({ socket: { state: 'fails', code } });
      return undefined;
    }
  }

  async #askForPaths(socket: Socket): Promise<readonly CheckPath[] | undefined> {
    const { room, token } = this.#options;
    try {
      const { paths } = await socket.request('checkNetwork', {
        ...(room !== undefined && { room }),
        ...(token !== undefined && { token }),
      });
      return paths;
    } catch (error) {
      const { code, message } = ParleyError.from(error);
      this.#update({ paths: { state: 'refused', code, message } });
      return undefined;
    }
  }

  async #check(path: CheckPath, socket: Socket): Promise<void> {
    let result: PathResult;
    try {
      const check = new PathCheck(path);
      this.#checks.push(check);
      result = await check.run((params) => socket.request('checkConnect', params), this.#signal);
    } catch {
      // A browser that does not understand the address of a TURN server.
      result = { ...runningPath(path), state: 'fails', failure: 'not-tried' };
    }
    this.#update({
      results: this.state.results.map((one) => (one.id === result.id ? result : one)),
    });
  }

  async #measureSpeed(): Promise<void> {
    const best = bestPath(this.state.results);
    const channel = this.#checks.find(({ path }) => path.id === best?.id)?.channel;
    if (!best || !channel) return this.#update({ speed: { state: 'none' } });
    this.#update({ speed: { state: 'running' } });
    this.#update({ speed: await measureSpeed(channel, best.id, this.#signal) });
  }
}

// The real server as a child process, as `npm start` runs it, on ports of its own.
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { DEADLINES } from '../process/deadlines.ts';
import { ManagedProcess } from '../process/managed-process.ts';
import { childrenOf } from '../runner/processes.ts';
import { parseMetrics, type Sample } from './prometheus.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const READY = /(?<=Parley is ready: )https?:\/\/[^/\s]+:(\d+)/;
const METRICS = /^\s*Metrics\s+http:\/\/\S+:(\d+)\/metrics/;
const FETCH_MS = 5_000;

/** Variables of a developer's shell that a test must not depend on. */
const UNSET = [
  'AUTH_TOKEN',
  'REDIS_URL',
  'TURN_URLS',
  'TURN_USERNAME',
  'TURN_PASSWORD',
  'TURN_SHARED_SECRET',
  'ANNOUNCED_ADDRESS',
  'ALLOWED_ORIGINS',
] as const;

/** Another machine of the test's network. */
export interface Elsewhere {
  /** Runs the rest of its arguments there. */
  command?: readonly string[];
  /** An address of it that we reach. */
  address?: string;
  /** Another checkout of the project. */
  folder?: string | undefined;
}

export class Parley implements AsyncDisposable {
  readonly process: ManagedProcess;
  /** With a slash at the end. */
  readonly url: string;
  readonly metricsUrl: string;

  private constructor(process: ManagedProcess, url: string, metricsUrl: string) {
    this.process = process;
    this.url = url;
    this.metricsUrl = metricsUrl;
  }

  /** @param env over the defaults of a test: any free ports, media on loopback, no outside */
  static async start(
    env: Readonly<Record<string, string>> = {},
    { command: before = [], address = '127.0.0.1', folder = ROOT }: Elsewhere = {},
  ): Promise<Parley> {
    const [command = '', ...args] = [...before, process.execPath, 'server/entries/all-in-one.ts'];
    const child = new ManagedProcess({
      name: 'parley',
      command,
      args,
      cwd: folder,
      env: {
        ...Object.fromEntries(UNSET.map((name) => [name, undefined])),
        PORT: '0',
        HOST: address,
        METRICS_PORT: '0',
        MEDIA_LISTEN_ADDRESSES: address,
        MEDIA_PORT: '0',
        LOG_LEVEL: 'debug',
        ...env,
      },
    });
    try {
      const [url] = await child.line(READY, DEADLINES.serverReady);
      const [, metricsPort] = await child.line(METRICS, DEADLINES.serverReady);
      const own = before.length > 0 ? url.replace('localhost', address) : url;
      return new Parley(child, `${own}/`, `http://${address}:${metricsPort}/metrics`);
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  /** The address for browsers to join this room. */
  room(name: string, { token, relay }: { token?: string; relay?: boolean } = {}): string {
    const url = new URL(`r/${name}`, this.url);
    if (relay) url.searchParams.set('relay', '1');
    if (token !== undefined) url.hash = `token=${token}`;
    return url.href;
  }

  async metrics(): Promise<Sample[]> {
    const response = await fetch(this.metricsUrl, { signal: AbortSignal.timeout(FETCH_MS) });
    if (!response.ok) throw new Error(`${this.metricsUrl} answered ${response.status}`);
    return parseMetrics(await response.text());
  }

  /** The gauge of what the server holds, by kind: routers, transports, sockets, timers, … */
  async resources(): Promise<Record<string, number>> {
    const samples = await this.metrics();
    return Object.fromEntries(
      samples
        .filter(({ name }) => name === 'parley_resources')
        .map(({ labels, value }) => [labels.kind ?? '', value]),
    );
  }

  async workerPids(): Promise<number[]> {
    const workers: number[] = [];
    for (const pid of await childrenOf(this.process.pid)) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (command.includes('mediasoup-worker')) workers.push(pid);
    }
    return workers;
  }

  /** The worker whose media a participant receives, by the port that its ICE candidate names. */
  async workerOnUdpPort(port: number): Promise<number> {
    const inodes = await udpInodes(port);
    for (const pid of await this.workerPids()) {
      for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
        const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
        if (inodes.has(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '')) return pid;
      }
    }
    throw new Error(`no worker of this server listens on UDP port ${port}`);
  }

  /** @throws Error when the server does not end cleanly after SIGTERM */
  async stop(): Promise<void> {
    const wasRunning = this.process.end === undefined;
    const end = await this.process.stop(DEADLINES.serverStop);
    if (end.code !== 0) {
      const how = wasRunning ? 'after SIGTERM' : 'by itself';
      throw new Error(
        `the server ended ${how} with ${JSON.stringify(end)}:\n${this.process.tail()}`,
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** Inodes of the sockets bound to a UDP port, IPv4 and IPv6 (proc(5), /proc/net/udp). */
async function udpInodes(port: number): Promise<Set<string>> {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/udp', '/proc/net/udp6']) {
    const text = await readFile(table, 'utf8').catch(() => '');
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[1]?.endsWith(`:${hexPort}`)) inodes.add(fields[9] ?? '');
    }
  }
  return inodes;
}

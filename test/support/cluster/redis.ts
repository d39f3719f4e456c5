// A private redis-server, or three that are one Redis Cluster. Each ends with the process that started it.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { generate } from 'selfsigned';
import { ensureDebianPackages } from '../../../native/host/debian.ts';
import { freeTcpPort, isFree } from '../network/ports.ts';
import { DEADLINES } from '../process/deadlines.ts';
import { ManagedProcess } from '../process/managed-process.ts';
import { until } from '../process/until.ts';

const HOST = '127.0.0.1';
/** The second port of a cluster node, for its bus, is this much higher, and has to be free too. */
const BUS_PORT_OFFSET = 10_000;

const run = promisify(execFile);

export interface RedisOptions {
  password?: string;
  /** Speaks TLS alone, under a certificate that only its own authority vouches for. */
  tls?: boolean | TlsPair;
  /** Keeps its data over a restart. */
  keepData?: boolean;
  /** A node of a Redis Cluster. */
  clusterNode?: boolean;
  /** Further options, such as `--maxclients 20`. */
  args?: readonly string[];
}

export interface TlsPair {
  cert: string;
  key: string;
}

export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly folder: string;
  readonly #options: RedisOptions;
  #process: ManagedProcess | undefined;

  private constructor(port: number, folder: string, options: RedisOptions) {
    this.port = port;
    this.folder = folder;
    this.#options = options;
  }

  static async start(options: RedisOptions = {}): Promise<RedisServer> {
    await ensureRedis();
    const folder = await mkdtemp(path.join(tmpdir(), 'parley-redis-'));
    const port = options.clusterNode ? await freePortPair() : await freeTcpPort();
    const server = new RedisServer(port, folder, options);
    if (options.tls) {
      const pair = options.tls === true ? await certificate() : options.tls;
      await writeFile(server.#pem('cert'), pair.cert);
      await writeFile(server.#pem('key'), pair.key);
    }
    try {
      await server.#run();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** The URL for Parley, with the password. */
  get url(): string {
    const { password, tls } = this.#options;
    const user = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
    return `${tls ? 'rediss' : 'redis'}://${user}${HOST}:${this.port}`;
  }

  /** The authority of its certificate, for REDIS_TLS_CA. */
  get caFile(): string {
    return this.#pem('cert');
  }

  get pid(): number {
    if (!this.#process) throw new Error('it does not run');
    return this.#process.pid;
  }

  /** Runs one command with redis-cli. @returns what it printed */
  async cli(...args: string[]): Promise<string> {
    const { password, tls } = this.#options;
    const secret = tls ? ['--tls', '--cacert', this.caFile] : [];
    const { stdout } = await run('redis-cli', ['-p', String(this.port), ...secret, ...args], {
      env: { ...process.env, ...(password !== undefined && { REDISCLI_AUTH: password }) },
      timeout: DEADLINES.condition,
    });
    return stdout.trim();
  }

  /** Stands still: connections remain, no request is answered. */
  pause(): void {
    this.#process?.signal('SIGSTOP');
  }

  resume(): void {
    this.#process?.signal('SIGCONT');
  }

  /** As a crash or a lost machine ends it. */
  async kill(): Promise<void> {
    const ended = this.#process;
    ended?.signal('SIGKILL');
    if (ended) await until('redis-server to be gone', () => assertEnded(ended));
    this.#process = undefined;
  }

  /** On the same port, with what it had on disk. */
  async restart(): Promise<void> {
    await this.kill();
    await this.#run();
  }

  async restartEmpty(): Promise<void> {
    await this.kill();
    for (const name of await readdir(this.folder)) {
      if (!name.endsWith('.pem')) await rm(path.join(this.folder, name), { recursive: true });
    }
    await this.#run();
  }

  async stop(): Promise<void> {
    this.resume();
    await this.#process?.stop();
    this.#process = undefined;
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #run(): Promise<void> {
    const { password, tls, keepData, clusterNode, args = [] } = this.#options;
    this.#process = new ManagedProcess({
      name: 'redis-server',
      command: 'redis-server',
      cwd: this.folder,
      args: [
        ...['--bind', HOST, '--dir', this.folder, '--save', '', '--loglevel', 'notice'],
        ...(tls ? ['--port', '0', '--tls-port', String(this.port)] : ['--port', String(this.port)]),
        ...(tls ? ['--tls-cert-file', this.#pem('cert'), '--tls-key-file', this.#pem('key')] : []),
        ...(tls ? ['--tls-ca-cert-file', this.#pem('cert'), '--tls-auth-clients', 'no'] : []),
        ...(password === undefined ? [] : ['--requirepass', password]),
        ...(keepData ? ['--appendonly', 'yes', '--appendfsync', 'no'] : []),
        ...(clusterNode ? ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1500'] : []),
        ...(clusterNode && tls ? ['--tls-cluster', 'yes'] : []),
        ...args,
      ],
    });
    await this.#process.line(/Ready to accept connections/, DEADLINES.serverReady);
  }

  #pem(name: 'cert' | 'key'): string {
    return path.join(this.folder, `${name}.pem`);
  }
}

async function certificate(): Promise<TlsPair> {
  const altNames = [{ type: 7 as const, ip: HOST }];
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'redis' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { cert, key };
}

/** Three masters on loopback that share all slots. */
export class RedisServers implements AsyncDisposable {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  static async start(options: RedisOptions = {}): Promise<RedisServers> {
    const nodes: RedisServer[] = [];
    const servers = new RedisServers(nodes);
    // One certificate authority for all of them.
    const tls = options.tls === true ? await certificate() : (options.tls ?? false);
    try {
      for (let n = 0; n < 3; n++) {
        nodes.push(await RedisServer.start({ ...options, tls, clusterNode: true }));
      }
      const addresses = nodes.map(({ port }) => `${HOST}:${port}`);
      await nodes[0]?.cli('--cluster', 'create', ...addresses, '--cluster-yes');
      for (const node of nodes) {
        await until('the Redis Cluster to be whole', async () => {
          const info = await node.cli('CLUSTER', 'INFO');
          if (!/cluster_state:ok/.test(info)) throw new Error(info);
        });
      }
    } catch (error) {
      await servers.stop();
      throw error;
    }
    return servers;
  }

  get first(): RedisServer {
    const [first] = this.nodes;
    if (!first) throw new Error('there are no nodes');
    return first;
  }

  get url(): string {
    return this.first.url;
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

async function ensureRedis(): Promise<void> {
  const places = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];
  const here = (name: string) => places.some((place) => existsSync(path.join(place, name)));
  if (here('redis-server') && here('redis-cli')) return;
  const why = 'test what Parley keeps in Redis';
  await ensureDebianPackages(['redis-server', 'redis-tools'], { why, log: console.log });
}

function freePortPair(): Promise<number> {
  return freeTcpPort((port) => isFree(port + BUS_PORT_OFFSET));
}

function assertEnded(ended: ManagedProcess): void {
  if (!ended.end) throw new Error('it still runs');
}

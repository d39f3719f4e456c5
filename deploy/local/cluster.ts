// A whole cluster on this machine: Redis, `web` and `sfu-rtc` replicas on loopback, one address.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Balancer } from './balancer.ts';
import { Child } from './child.ts';
import { freePort } from './free-port.ts';

export type Role = 'redis' | 'web' | 'sfu-rtc';

export interface Member {
  readonly role: Role;
  readonly child: Child;
  /** Where it is reached, for people. */
  readonly address: string;
  readonly port: number;
  /** Of an `sfu-rtc` replica: its id in the cluster. */
  readonly nodeId: string | undefined;
}

export interface LocalClusterOptions {
  /** Port of the one address; 0 for any. */
  port?: number;
  /** For every replica; over the defaults of a local cluster. */
  env?: Readonly<Record<string, string>>;
  /** The environment that the processes inherit. */
  inherit: Readonly<Record<string, string | undefined>>;
  onLine?(line: string, child: Child): void;
  onExit?(member: string, how: string): void;
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const LOOPBACK = '127.0.0.1';
/** `web` and `sfu-rtc` say this when they take people. */
const READY =
  /Parley is ready\. (?:web: http:\/\/[^:]+:(\d+)|sfu-rtc: ([0-9a-f-]+), .*:(\d+)\/healthz)/;

export class LocalCluster {
  readonly balancer: Balancer;
  readonly #options: LocalClusterOptions;
  readonly #folder: string;
  readonly #members = new Set<Member>();
  #redisPort = 0;
  #count = 0;

  private constructor(options: LocalClusterOptions, folder: string, balancer: Balancer) {
    this.#options = options;
    this.#folder = folder;
    this.balancer = balancer;
  }

  /** Redis and the one address; replicas are added to it. */
  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const folder = await mkdtemp(path.join(tmpdir(), 'parley-cluster-'));
    const balancer = await Balancer.start(options.port ?? 0);
    const cluster = new LocalCluster(options, folder, balancer);
    try {
      cluster.#redisPort = await freePort();
      await cluster.startRedis();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** The one to open, with a slash at the end. */
  get url(): string {
    return `http://localhost:${this.balancer.port}/`;
  }

  get redisUrl(): string {
    return `redis://${LOOPBACK}:${this.#redisPort}`;
  }

  get members(): readonly Member[] {
    return [...this.#members].filter(({ child }) => !child.ended);
  }

  of(role: Role): Member[] {
    return this.members.filter((member) => member.role === role);
  }

  /** On the same port each time; with what the last one wrote down, or empty. */
  async startRedis({ empty = true }: { empty?: boolean } = {}): Promise<Member> {
    const port = this.#redisPort;
    if (empty) await rm(path.join(this.#folder, 'dump.rdb'), { force: true });
    const child = this.#spawn('redis', 'redis-server', [
      ...['--port', String(port), '--bind', LOOPBACK, '--dir', this.#folder],
      ...['--save', '', '--appendonly', 'no', '--protected-mode', 'no'],
    ]);
    await child.line(/Ready to accept connections/);
    return this.#add({ role: 'redis', child, port, address: this.redisUrl, nodeId: undefined });
  }

  async addWeb(env: Readonly<Record<string, string>> = {}): Promise<Member> {
    const child = this.#spawnReplica('web', { PORT: '0', ...env });
    const [, port] = await child.line(READY);
    this.balancer.add(Number(port));
    return this.#add({
      role: 'web',
      child,
      port: Number(port),
      address: `http://${LOOPBACK}:${port}/`,
      nodeId: undefined,
    });
  }

  async addSfu(env: Readonly<Record<string, string>> = {}): Promise<Member> {
    const child = this.#spawnReplica('sfu-rtc', { PORT: '0', MEDIA_PORT: '0', ...env });
    const [line, , nodeId, port] = await child.line(READY);
    const media = /media (\S.*?) on /.exec(line)?.[1] ?? '';
    return this.#add({
      role: 'sfu-rtc',
      child,
      port: Number(port),
      address: `media ${media} on ${LOOPBACK}`,
      nodeId,
    });
  }

  /** Ends everything, the replicas first. */
  async close(): Promise<void> {
    const members = this.members;
    const others = members.filter(({ role }) => role !== 'redis');
    await Promise.all(others.map(({ child }) => child.stop()));
    await Promise.all(members.map(({ child }) => child.stop()));
    await this.balancer.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #spawnReplica(role: 'web' | 'sfu-rtc', env: Readonly<Record<string, string>>): Child {
    return this.#spawn(role, process.execPath, [path.join('server', `${role}.ts`)], {
      HOST: LOOPBACK,
      MEDIA_LISTEN_ADDRESSES: LOOPBACK,
      WORKERS: '1',
      // What ends here is meant to end: nobody waits for people who are on this machine.
      DRAIN_GRACE_SECONDS: '10',
      ...this.#options.env,
      REDIS_URL: this.redisUrl,
      ...env,
    });
  }

  #spawn(
    role: Role,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Child {
    const { inherit, onLine = () => {}, onExit = () => {} } = this.#options;
    this.#count += 1;
    const name = role === 'redis' ? role : `${role}-${this.#count}`;
    return new Child({
      name,
      command,
      args,
      cwd: ROOT,
      env: { ...inherit, ...env },
      onLine,
      onExit: (child, how) => {
        for (const member of this.#members) {
          if (member.child === child && member.role === 'web') this.balancer.remove(member.port);
        }
        onExit(name, how);
      },
    });
  }

  #add(member: Member): Member {
    this.#members.add(member);
    return member;
  }
}

// A whole cluster on this machine: Redis, `web`, `sfu-rtc` and `worker` replicas on loopback, one address.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Balancer } from './balancer.ts';
import { Child } from './child.ts';
import { freePort } from './free-port.ts';

export type Role = 'redis' | 'web' | 'sfu-rtc' | 'worker';

/** The address of a process, and how to start it there. */
export interface Place {
  /** The IP address it listens on. */
  readonly address: string;
  /** A command that runs the rest of its arguments there, such as `nsenter`. */
  readonly command: readonly string[];
}

export interface Member {
  readonly role: Role;
  readonly child: Child;
  /** IP address it listens on. */
  readonly host: string;
  /** Its address, to be shown. */
  readonly address: string;
  readonly port: number;
  /** Id of an `sfu-rtc` replica in the cluster. */
  readonly nodeId: string | undefined;
  /** Address of its metrics, with METRICS_PORT. */
  readonly metricsUrl: string | undefined;
}

export interface LocalClusterOptions {
  /** Port of the one address; 0 for any. */
  port?: number;
  /** For every replica; over the defaults of a local cluster. */
  env?: Readonly<Record<string, string>>;
  /** The place of each new process; loopback without it. */
  place?(role: Role): Place;
  /** The environment that the processes inherit. */
  inherit: Readonly<Record<string, string | undefined>>;
  onLine?(line: string, child: Child): void;
  onExit?(member: string, how: string): void;
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const HERE: Place = { address: '127.0.0.1', command: [] };
/** Another program may take a free port before Redis opens it. */
const REDIS_ATTEMPTS = 5;
/** `web`, `sfu-rtc` and `worker` print this when they are ready. */
const READY =
  /Parley is ready\. (?:web: http:\/\/[^:]+:(\d+)|sfu-rtc: ([0-9a-f-]+), .*:(\d+)\/healthz|worker: .*:(\d+)\/healthz)/;

export class LocalCluster {
  readonly balancer: Balancer;
  readonly #options: LocalClusterOptions;
  readonly #folder: string;
  readonly #members = new Set<Member>();
  readonly #redisPlace: Place;
  #redisPort = 0;
  #count = 0;

  private constructor(options: LocalClusterOptions, folder: string, balancer: Balancer) {
    this.#options = options;
    this.#folder = folder;
    this.balancer = balancer;
    this.#redisPlace = this.#place('redis');
  }

  /** Redis and the one address; replicas are added to it. */
  static async start(options: LocalClusterOptions): Promise<LocalCluster> {
    const folder = await mkdtemp(path.join(tmpdir(), 'parley-cluster-'));
    const balancer = await Balancer.start(options.port ?? 0);
    const cluster = new LocalCluster(options, folder, balancer);
    try {
      await cluster.#startRedisAnywhere();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** The page, with a slash at the end. */
  get url(): string {
    return `http://localhost:${this.balancer.port}/`;
  }

  get redisUrl(): string {
    return `redis://${this.#redisPlace.address}:${this.#redisPort}`;
  }

  get members(): readonly Member[] {
    return [...this.#members].filter(({ child }) => !child.ended);
  }

  of(role: Role): Member[] {
    return this.members.filter((member) => member.role === role);
  }

  /** On the same port each time, empty or with the last snapshot. */
  async startRedis({ empty = true }: { empty?: boolean } = {}): Promise<Member> {
    const port = this.#redisPort;
    if (empty) await rm(path.join(this.#folder, 'dump.rdb'), { force: true });
    const { address: host } = this.#redisPlace;
    const child = this.#spawn('redis', this.#redisPlace, [
      ...['redis-server', '--port', String(port), '--bind', host, '--dir', this.#folder],
      ...['--save', '', '--appendonly', 'no', '--protected-mode', 'no'],
    ]);
    await child.line(/Ready to accept connections/);
    return this.#add({
      role: 'redis',
      child,
      host,
      port,
      address: this.redisUrl,
      nodeId: undefined,
      metricsUrl: undefined,
    });
  }

  async #startRedisAnywhere(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.#redisPort = await freePort();
      try {
        await this.startRedis();
        return;
      } catch (error) {
        if (attempt >= REDIS_ATTEMPTS) throw error;
      }
    }
  }

  async addWeb(env: Readonly<Record<string, string>> = {}): Promise<Member> {
    const place = this.#place('web');
    const { address: host } = place;
    const child = this.#spawnReplica('web', place, { PORT: '0', ...env });
    const { input: line, 1: port } = await child.line(READY);
    this.balancer.add(Number(port), host);
    return this.#add({
      role: 'web',
      child,
      host,
      port: Number(port),
      address: `http://${host}:${port}/`,
      nodeId: undefined,
      metricsUrl: metricsIn(line),
    });
  }

  async addSfu(env: Readonly<Record<string, string>> = {}): Promise<Member> {
    const place = this.#place('sfu-rtc');
    const { address: host } = place;
    const child = this.#spawnReplica('sfu-rtc', place, { PORT: '0', MEDIA_PORT: '0', ...env });
    const { input: line, 2: nodeId, 3: port } = await child.line(READY);
    const media = /media (\S.*?) on /.exec(line)?.[1] ?? '';
    return this.#add({
      role: 'sfu-rtc',
      child,
      host,
      port: Number(port),
      address: `media ${media} on ${host}`,
      nodeId,
      metricsUrl: metricsIn(line),
    });
  }

  async addWorker(env: Readonly<Record<string, string>> = {}): Promise<Member> {
    const place = this.#place('worker');
    const { address: host } = place;
    const child = this.#spawnReplica('worker', place, { PORT: '0', ...env });
    const { input: line, 4: port } = await child.line(READY);
    return this.#add({
      role: 'worker',
      child,
      host,
      port: Number(port),
      address: `health http://${host}:${port}/healthz`,
      nodeId: undefined,
      metricsUrl: metricsIn(line),
    });
  }

  /** Ends everything, the replicas first. */
  async close(): Promise<void> {
    // A process ends before those that it uses.
    for (const role of ['worker', 'web', 'sfu-rtc', 'redis'] as const) {
      await Promise.all(this.of(role).map(({ child }) => child.stop()));
    }
    await this.balancer.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #place(role: Role): Place {
    return this.#options.place?.(role) ?? HERE;
  }

  #spawnReplica(
    role: Exclude<Role, 'redis'>,
    place: Place,
    env: Readonly<Record<string, string>>,
  ): Child {
    return this.#spawn(
      role,
      place,
      [process.execPath, path.join('server', 'entries', `${role}.ts`)],
      {
        HOST: place.address,
        MEDIA_LISTEN_ADDRESSES: place.address,
        WORKERS: '1',
        // The whole cluster ends: participants are not moved anywhere.
        DRAIN_GRACE_SECONDS: '10',
        ...this.#options.env,
        REDIS_URL: this.redisUrl,
        ...env,
      },
    );
  }

  #spawn(
    role: Role,
    place: Place,
    program: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Child {
    const { inherit, onLine = () => {}, onExit = () => {} } = this.#options;
    this.#count += 1;
    const name = role === 'redis' ? role : `${role}-${this.#count}`;
    const [command = '', ...args] = [...place.command, ...program];
    return new Child({
      name,
      command,
      args,
      cwd: ROOT,
      env: { ...inherit, ...env },
      onLine,
      onExit: (child, how) => {
        for (const member of this.#members) {
          if (member.child !== child || member.role !== 'web') continue;
          this.balancer.remove(member.port, member.host);
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

function metricsIn(line: string): string | undefined {
  return /metrics (http:\S+\/metrics)/.exec(line)?.[1];
}

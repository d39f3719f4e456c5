// A cluster of real processes for one test. Its output is shown when the test fails.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { LocalCluster, type Member, type Place, type Role } from '../../../deploy/local/cluster.ts';
import { DEADLINES } from '../process/deadlines.ts';
import { until, within } from '../process/until.ts';
import { type Owner, ownedBy } from '../server/owned.ts';
import { parseMetrics, type Sample } from '../server/prometheus.ts';

export interface Replica extends Member {
  readonly metricsUrl: string;
}

type Env = Readonly<Record<string, string>>;

export interface ClusterOptions {
  /** How many replicas. */
  web: number;
  sfu: number;
  env?: Env;
  /** Where each process runs; on loopback without it. */
  place?: (role: Role) => Place;
}

/** Variables of a developer's shell that a test must not depend on. */
const UNSET = ['AUTH_TOKEN', 'REDIS_URL', 'TURN_URLS', 'TURN_SHARED_SECRET', 'ANNOUNCED_ADDRESS'];
const LINES_SHOWN = 60;
const run = promisify(execFile);

export class TestCluster {
  readonly cluster: LocalCluster;
  readonly #lines: string[];

  private constructor(cluster: LocalCluster, lines: string[]) {
    this.cluster = cluster;
    this.#lines = lines;
  }

  static async start(
    context: Owner,
    { web, sfu, env = {}, place }: ClusterOptions,
  ): Promise<TestCluster> {
    const lines: string[] = [];
    const inherit = { ...process.env };
    for (const name of UNSET) delete inherit[name];
    const cluster = await LocalCluster.start({
      inherit,
      env: { LOG_LEVEL: 'debug', ...env },
      ...(place && { place }),
      onLine: (line, { name }) => lines.push(`${name} ${line}`),
      onExit: (name, how) => lines.push(`${name} ended: ${how}`),
    });
    ownedBy(context).defer(() => cluster.close());
    context.after(() => {
      if ('passed' in context && context.passed) return;
      const worth = lines.filter((line) => !/"level":20/.test(line));
      context.diagnostic(`the cluster's last words:\n${worth.slice(-LINES_SHOWN).join('\n')}`);
    });
    const test = new TestCluster(cluster, lines);
    await within(
      'the cluster to be ready',
      DEADLINES.serverReady,
      Promise.all([
        ...Array.from({ length: web }, () => test.addWeb()),
        ...Array.from({ length: sfu }, () => test.addSfu()),
      ]),
    );
    return test;
  }

  /** The balancer's, with a slash at the end. */
  get url(): string {
    return this.cluster.url.replace('localhost', '127.0.0.1');
  }

  /** All output lines of the processes, marked with their names. */
  get outputLines(): readonly string[] {
    return this.#lines;
  }

  /** Directly, past the balancer. */
  urlOf(member: Member): string {
    return `http://${member.host}:${member.port}/`;
  }

  async addWeb(env: Env = {}): Promise<Replica> {
    return replica(await this.cluster.addWeb({ METRICS_PORT: '0', ...env }));
  }

  async addSfu(env: Env = {}): Promise<Replica> {
    return replica(await this.cluster.addSfu({ METRICS_PORT: '0', ...env }));
  }

  get webs(): Replica[] {
    return this.cluster.of('web').map(replica);
  }

  get sfus(): Replica[] {
    return this.cluster.of('sfu-rtc').map(replica);
  }

  async metrics(replica: Replica): Promise<Sample[]> {
    const response = await fetch(replica.metricsUrl);
    return parseMetrics(await response.text());
  }

  /** The resources of a replica, by kind. */
  async resources(replica: Replica): Promise<Record<string, number>> {
    return Object.fromEntries(
      (await this.metrics(replica))
        .filter(({ name }) => name === 'parley_resources')
        .map(({ labels, value }) => [labels.kind ?? '', value]),
    );
  }

  /** The replica that holds media sessions, when there is one only. */
  async holder(): Promise<Replica> {
    const holding: Replica[] = [];
    for (const sfu of this.sfus) if (((await this.resources(sfu)).peer ?? 0) > 0) holding.push(sfu);
    const [only] = holding;
    assert.ok(only && holding.length === 1, `${holding.length} replicas hold media`);
    return only;
  }

  /** pids of the media workers of a replica. */
  async workersOf(replica: Replica): Promise<number[]> {
    const { stdout } = await run('pgrep', ['-P', String(replica.child.pid), '-f', 'mediasoup']);
    return stdout.trim().split('\n').map(Number);
  }

  /** The media nodes' registrations in the store. */
  async registry(): Promise<Array<{ sessions: number; reaches: string[] }>> {
    const port = new URL(this.cluster.redisUrl).port;
    const { stdout } = await run('redis-cli', ['-p', port, 'HVALS', 'parley:{nodes}:infos']);
    return stdout.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
  }

  /** Waits until the registry has this many sessions. */
  async loadsAreKnown(total: number): Promise<void> {
    await until('the loads to be known', async () => {
      const nodes = await this.registry();
      assert.equal(
        nodes.reduce((sum, { sessions }) => sum + sessions, 0),
        total,
      );
    });
  }

  /** Waits until all media nodes reach all others by UDP. */
  async reachEachOther(): Promise<void> {
    await until('the media nodes to reach each other', async () => {
      const nodes = await this.registry();
      for (const { reaches } of nodes) assert.equal(reaches.length, nodes.length - 1);
    });
  }

  /** Every key in Redis. */
  async keys(): Promise<string[]> {
    const { stdout } = await run('redis-cli', ['-u', this.cluster.redisUrl, '--scan']);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .sort();
  }

  /**
   * Waits until the replicas hold only the resources of this many participants in each of this many rooms, each
   * with this many tracks.
   */
  async holdsNothingBut(inEachRoom: number, tracksEach: number, rooms = 1): Promise<void> {
    const people = inEachRoom * rooms;
    await until(
      'nothing to be left that the roster does not explain',
      async () => {
        const held = await Promise.all(this.sfus.map((sfu) => this.resources(sfu)));
        const sum = (kind: string) =>
          held.reduce((total, counts) => total + (counts[kind] ?? 0), 0);
        const consumers = people * (inEachRoom - 1) * tracksEach;
        assert.deepEqual(
          { peers: sum('peer'), transports: sum('transport'), producers: sum('producer') },
          { peers: people, transports: people * 2, producers: people * tracksEach },
        );
        assert.equal(sum('consumer'), consumers, 'consumers');
        const sessions = await Promise.all(this.webs.map((web) => this.resources(web)));
        assert.equal(
          sessions.reduce((total, { session = 0 }) => total + session, 0),
          people,
          'sessions',
        );
        // One router for each node with participants. Pipes only between such nodes.
        const holding = held.filter(({ peer = 0 }) => peer > 0).length;
        if (rooms > 1) return;
        assert.equal(sum('router'), holding, 'routers');
        assert.equal(sum('pipe'), holding * (holding - 1) * 2, 'pipes');
      },
      { withinMs: 40_000, everyMs: 250 },
    );
  }
}

function replica(member: Member): Replica {
  const { metricsUrl } = member;
  if (metricsUrl === undefined) throw new Error(`${member.child.name} has no metrics`);
  return { ...member, metricsUrl };
}

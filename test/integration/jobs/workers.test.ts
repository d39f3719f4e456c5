// Two worker processes on one Redis: one is killed, told to end, or told to stop, and the other goes on.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import type { Job } from '../../../server/cluster/jobs.ts';
import { TestCluster } from '../../support/cluster/local-cluster.ts';
import { RedisServer } from '../../support/cluster/redis.ts';
import { freshPrefix, openRedis } from '../../support/cluster/redis-cluster.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { ManagedProcess } from '../../support/process/managed-process.ts';
import { until } from '../../support/process/until.ts';
import { killMarked, markedProcesses, RUN_MARK } from '../../support/runner/processes.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { parseMetrics } from '../../support/server/prometheus.ts';

const WORKER = path.resolve(import.meta.dirname, '../../support/cluster/job-worker.ts');
const LEASE_MS = 2_000;

class Scene {
  readonly redis: RedisServer;
  readonly cluster: Cluster;
  readonly #t: TestContext;
  readonly #prefix: string;
  readonly #folder: string;
  readonly #mark = `jobs-${randomBytes(6).toString('hex')}`;

  private constructor(
    t: TestContext,
    redis: RedisServer,
    cluster: Cluster,
    prefix: string,
    folder: string,
  ) {
    this.#t = t;
    this.redis = redis;
    this.cluster = cluster;
    this.#prefix = prefix;
    this.#folder = folder;
  }

  static async start(t: TestContext): Promise<Scene> {
    const owned = ownedBy(t);
    const redis = owned.use(await RedisServer.start());
    const folder = await mkdtemp(path.join(tmpdir(), 'parley-jobs-'));
    owned.defer(() => rm(folder, { recursive: true, force: true }));
    const keyPrefix = freshPrefix();
    const cluster = await openRedis(redis.url, { keyPrefix });
    owned.defer(() => cluster.close());
    const scene = new Scene(t, redis, cluster, keyPrefix, folder);
    owned.defer(() => killMarked(scene.#mark));
    return scene;
  }

  async worker(env: Readonly<Record<string, string>> = {}): Promise<ManagedProcess> {
    const worker = new ManagedProcess({
      name: 'worker',
      command: process.execPath,
      args: [WORKER],
      env: {
        ...{ REDIS_URL: this.redis.url, REDIS_KEY_PREFIX: this.#prefix, PORT: '0' },
        ...{ HOST: '127.0.0.1', LOG_LEVEL: 'info', JOB_LEASE_MS: String(LEASE_MS) },
        ...{ METRICS_PORT: undefined, [RUN_MARK]: this.#mark, NODE_TEST_CONTEXT: undefined },
        ...env,
      },
    });
    ownedBy(this.#t).defer(async () => {
      worker.signal('SIGCONT');
      await worker.stop();
    });
    this.#t.after(() => {
      if (!('passed' in this.#t && this.#t.passed)) this.#t.diagnostic(worker.tail());
    });
    await worker.line(/^ready/, DEADLINES.serverReady);
    return worker;
  }

  add(key: string): Promise<Job> {
    return this.cluster.jobs.add({ kind: 'wait', key, payload: { endsWhen: this.#file(key) } });
  }

  /** What the job waits for is there. */
  async end(key: string): Promise<void> {
    await writeFile(this.#file(key), '');
  }

  #file(key: string): string {
    return path.join(this.#folder, key);
  }

  has({ id }: Pick<Job, 'id'>, expected: Partial<Job>): Promise<Job> {
    return until(`the job to be ${JSON.stringify(expected)}`, async () => {
      const job = await this.cluster.jobs.get(id);
      assert.ok(job, 'it is not there');
      const { problem } = job;
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(job[name as keyof Job], value, `${name}; ${problem}`);
      }
      return job;
    });
  }

  /** How many shells run for jobs. */
  programs(count: number): Promise<void> {
    return until(`${count} programs to run`, async () => {
      const found = await markedProcesses(this.#mark);
      const shells = found.filter(({ command }) => command.startsWith('sh -c while'));
      assert.equal(shells.length, count);
    });
  }
}

const began = (key: string, attempt = 1) => new RegExp(`^began ${key} ${attempt}$`);

/** The one of two that does the job. */
async function holderOf(workers: readonly ManagedProcess[], key: string) {
  const holder = await until('one to begin', () => {
    const found = workers.find(({ lines }) => lines.some((line) => began(key).test(line)));
    assert.ok(found);
    return found;
  });
  const other = workers.find((worker) => worker !== holder);
  assert.ok(other);
  return { holder, other };
}

test('a job whose worker is killed goes on at another within a lease, and is done once', async (t) => {
  const scene = await Scene.start(t);
  const workers = await Promise.all([scene.worker(), scene.worker()]);
  const job = await scene.add('one');
  const { holder, other } = await holderOf(workers, 'one');
  await scene.has(job, { state: 'running', progress: 0.5 });
  await scene.programs(1);
  const killedAt = performance.now();
  holder.signal('SIGKILL');
  await other.line(began('one', 2), DEADLINES.condition);
  const tookMs = performance.now() - killedAt;
  t.diagnostic(`begun again after ${tookMs.toFixed(0)} ms, with a lease of ${LEASE_MS} ms`);
  assert.ok(tookMs < LEASE_MS + 3_000, `${tookMs} ms`);
  // The one of the killed worker has ended.
  await scene.programs(1);
  await scene.end('one');
  await scene.has(job, { state: 'done', attempt: 2, result: { by: other.pid, ended: true } });
  await scene.programs(0);
});

test('a worker that is told to end hands its job back, and another begins it at once', async (t) => {
  const scene = await Scene.start(t);
  const long = { JOB_LEASE_MS: '600000' };
  const first = await scene.worker(long);
  const job = await scene.add('one');
  await first.line(began('one'), DEADLINES.condition);
  const second = await scene.worker(long);
  const stoppedAt = performance.now();
  const { code } = await first.stop();
  t.diagnostic(`ended after ${(performance.now() - stoppedAt).toFixed(0)} ms`);
  assert.equal(code, 0);
  await second.line(began('one'), DEADLINES.condition);
  await scene.programs(1);
  await scene.end('one');
  await scene.has(job, { state: 'done', attempt: 1, result: { by: second.pid, ended: true } });
});

test('a worker that ends alone leaves its job to wait', async (t) => {
  const scene = await Scene.start(t);
  const worker = await scene.worker({ JOB_LEASE_MS: '600000' });
  const job = await scene.add('one');
  await worker.line(began('one'), DEADLINES.condition);
  await worker.stop();
  await scene.has(job, { state: 'waiting', attempt: 0, problem: null });
  await scene.programs(0);
});

test('a job that is cancelled while it runs stops, with its program', async (t) => {
  const scene = await Scene.start(t);
  const worker = await scene.worker();
  const job = await scene.add('one');
  await worker.line(began('one'), DEADLINES.condition);
  await scene.programs(1);
  assert.equal((await scene.cluster.jobs.cancel(job.id))?.state, 'running');
  await scene.has(job, { state: 'cancelled' });
  await scene.programs(0);
  const next = await scene.add('two');
  await scene.end('two');
  await scene.has(next, { state: 'done' });
});

test('a worker that stood still for longer than its lease stops what another does', async (t) => {
  const scene = await Scene.start(t);
  const workers = await Promise.all([scene.worker(), scene.worker()]);
  const job = await scene.add('one');
  const { holder, other } = await holderOf(workers, 'one');
  holder.signal('SIGSTOP');
  await other.line(began('one', 2), DEADLINES.condition);
  await scene.programs(2);
  holder.signal('SIGCONT');
  await holder.line(/"end":"lost"/, DEADLINES.condition);
  await scene.programs(1);
  await scene.end('one');
  await scene.has(job, { state: 'done', result: { by: other.pid, ended: true } });
});

test('a Redis that comes back empty stops what is done, and ordered again it is done', async (t) => {
  const scene = await Scene.start(t);
  const worker = await scene.worker();
  await scene.add('one');
  await worker.line(began('one'), DEADLINES.condition);
  await scene.redis.restartEmpty();
  await worker.line(/"end":"lost"/, DEADLINES.condition);
  await scene.programs(0);
  await until('the store to be back', async () => {
    assert.deepEqual(await scene.cluster.jobs.list('wait', ''), []);
  });
  const again = await scene.add('one');
  await scene.programs(1);
  await scene.end('one');
  await scene.has(again, { state: 'done', attempt: 1 });
});

test('a Redis that is away for less than a lease is not noticed by a job', async (t) => {
  const scene = await Scene.start(t);
  const worker = await scene.worker({ JOB_LEASE_MS: '30000' });
  const job = await scene.add('one');
  await worker.line(began('one'), DEADLINES.condition);
  scene.redis.pause();
  await scene.end('one');
  await scene.programs(0);
  scene.redis.resume();
  await scene.has(job, { state: 'done', attempt: 1 });
});

test('a worker answers health probes, and says how many jobs there are', async (t) => {
  const scene = await Scene.start(t);
  const worker = await scene.worker({ METRICS_PORT: '0' });
  const line = worker.lines.find((text) => text.startsWith('ready')) ?? '';
  const [, health = ''] = /health (http:\S+)\/healthz/.exec(line) ?? [];
  const [, metrics = ''] = /metrics (http:\S+)/.exec(line) ?? [];
  for (const probe of ['healthz', 'readyz']) {
    assert.equal((await fetch(`${health}/${probe}`)).status, 200);
  }
  const job = await scene.add('one');
  await scene.end('one');
  await scene.has(job, { state: 'done' });
  await until('the metrics', async () => {
    const samples = parseMetrics(await (await fetch(metrics)).text());
    const value = (name: string, labels: Record<string, string>) =>
      samples.find(
        (one) =>
          one.name === name &&
          Object.entries(labels).every(([label, text]) => one.labels[label] === text),
      )?.value;
    const done = { kind: 'wait', outcome: 'done' };
    assert.equal(value('parley_job_seconds_count', done), 1);
    assert.equal(value('parley_jobs', { kind: 'wait', state: 'running' }), 0);
    assert.equal(value('parley_resources', { kind: 'job' }), 0);
  });
  scene.redis.pause();
  await until('it to say that the store is away', async () => {
    const { status } = await fetch(`${health}/readyz`);
    assert.deepEqual([status, (await fetch(`${health}/healthz`)).status], [503, 200]);
  });
  scene.redis.resume();
});

test('the worker of a local cluster is ready, and ends when it is told to', async (t) => {
  const { cluster } = await TestCluster.start(t, { web: 0, sfu: 0 });
  const worker = await cluster.addWorker();
  assert.equal((await fetch(`http://${worker.host}:${worker.port}/readyz`)).status, 200);
  assert.equal(cluster.of('worker').length, 1);
  await worker.child.stop();
  assert.equal(cluster.of('worker').length, 0);
});

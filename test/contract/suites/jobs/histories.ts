// Any history of jobs among several workers: each has one holder at most whose word counts, and none is lost.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { Job, JobLease, JobOutcome, JobStore } from '../../../../server/cluster/jobs.ts';
import type { ClusterTest } from '../cluster-test.ts';

const RUNS = 40;
const WORKERS = 3;
const LONG_MS = 60_000;
const KEYS = ['one', 'two', 'three'];

type Step =
  | { do: 'add'; key: string }
  | { do: 'take' | 'renew' | 'expire'; worker: number }
  | { do: 'finish'; worker: number; outcome: JobOutcome }
  | { do: 'cancel'; nth: number };

const worker = fc.nat(WORKERS - 1);
const outcome = fc.constantFrom<JobOutcome>(
  { done: 'well' },
  { done: 'well' },
  { failed: 'badly' },
  { failed: 'for now', again: 0 },
  { wait: 0 },
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key: fc.constantFrom(...KEYS) }),
  fc.record({ do: fc.constantFrom('take', 'take', 'renew', 'expire'), worker }),
  fc.record({ do: fc.constant('finish' as const), worker, outcome }),
  fc.record({ do: fc.constant('cancel' as const), nth: fc.nat(5) }),
);

/** What must be true of one job, whatever the store says of it. */
interface Known {
  fence: number;
  attempts: number;
  holds: boolean;
  stop: boolean;
  ended: Job['state'] | undefined;
}

class History {
  readonly #stores: readonly JobStore[];
  readonly #kind: string;
  readonly #known = new Map<string, Known>();
  readonly #ids: string[] = [];
  /** All leases that each worker ever had: a worker may have slept long. */
  readonly #leases: JobLease[][] = Array.from({ length: WORKERS }, () => []);

  constructor(stores: readonly JobStore[], kind: string) {
    this.#stores = stores;
    this.#kind = kind;
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const one of steps) await this.#step(one);
    await this.#finishAll();
  }

  #storeOf(worker: number): JobStore {
    const store = this.#stores[worker % this.#stores.length];
    assert.ok(store);
    return store;
  }

  async #step(one: Step): Promise<void> {
    if (one.do === 'add') return this.#add(one.key);
    if (one.do === 'cancel') return this.#cancel(one.nth);
    const store = this.#storeOf(one.worker);
    if (one.do === 'take') return void (await this.#take(one.worker));
    const lease = this.#leases[one.worker]?.at(-1);
    if (!lease) return;
    const known = this.#of(lease.job.id);
    const isHolder = known.holds && known.fence === lease.fence;
    if (one.do === 'finish') {
      assert.equal(await store.finish(lease, one.outcome), isHolder);
      if (isHolder) this.#finished(known, one.outcome);
      return;
    }
    const leaseMs = one.do === 'expire' ? 1 : LONG_MS;
    const state = !isHolder ? 'lost' : known.stop ? 'cancelled' : 'held';
    assert.equal(await store.renew(lease, leaseMs, 0.5), state);
    if (one.do === 'expire' && isHolder) await sleep(3);
  }

  async #add(key: string): Promise<void> {
    const { id, state } = await this.#storeOf(0).add({ kind: this.#kind, key, payload: { key } });
    const known = this.#known.get(id);
    if (known) {
      assert.equal(known.ended, undefined);
      return;
    }
    assert.equal(state, 'waiting');
    this.#ids.push(id);
    this.#known.set(id, { fence: 0, attempts: 0, holds: false, stop: false, ended: undefined });
  }

  async #take(worker: number): Promise<JobLease | undefined> {
    const lease = await this.#storeOf(worker).take([this.#kind], LONG_MS);
    await this.#learnOfAbandoned();
    if (!lease) return undefined;
    const known = this.#of(lease.job.id);
    assert.equal(known.ended, undefined, 'a job that ended was taken');
    assert.equal(lease.fence, known.fence + 1);
    assert.equal(lease.job.attempt, known.attempts + 1);
    Object.assign(known, { fence: lease.fence, attempts: lease.job.attempt, holds: true });
    this.#leases[worker]?.push(lease);
    return lease;
  }

  async #cancel(nth: number): Promise<void> {
    const id = this.#ids[nth % Math.max(1, this.#ids.length)];
    if (id === undefined) return;
    const job = await this.#storeOf(1).cancel(id);
    const known = this.#of(id);
    assert.ok(job);
    if (known.ended) return void assert.equal(job.state, known.ended);
    if (known.holds && job.state === 'running') known.stop = true;
    else Object.assign(known, { holds: false, ended: job.state });
    if (known.ended) assert.equal(known.ended, 'cancelled');
  }

  #finished(known: Known, outcome: JobOutcome): void {
    known.holds = false;
    if ('done' in outcome) known.ended = 'done';
    else if (known.stop) known.ended = 'cancelled';
    else if ('failed' in outcome && outcome.again === undefined) known.ended = 'failed';
    else if ('wait' in outcome) known.attempts -= 1;
  }

  /** Those that were to stop, and whose lease ran out, end when a process looks for a job. */
  async #learnOfAbandoned(): Promise<void> {
    for (const [id, known] of this.#known) {
      if (!known.stop || known.ended) continue;
      const state = (await this.#storeOf(0).get(id))?.state;
      if (state === 'cancelled') Object.assign(known, { holds: false, ended: state });
    }
  }

  /** Every job that is not over can be taken, or is held by the worker who may end it. */
  async #finishAll(): Promise<void> {
    for (const lease of this.#leases.flat()) await this.#storeOf(0).renew(lease, 1, 0);
    await sleep(3);
    for (;;) {
      const lease = await this.#take(0);
      if (!lease) break;
      assert.equal(await this.#storeOf(1).finish(lease, { done: 'at last' }), true);
      this.#finished(this.#of(lease.job.id), { done: 'at last' });
    }
    const jobs = await this.#storeOf(2).list(this.#kind, '');
    assert.equal(jobs.length, this.#ids.length);
    for (const { id, state } of jobs) assert.equal(state, this.#of(id).ended);
  }

  #of(id: string): Known {
    const known = this.#known.get(id);
    assert.ok(known, `${id} was never added`);
    return known;
  }
}

export function jobHistoriesContract(promises: ClusterTest): void {
  promises('whatever workers do, a job has one holder, and none is lost', async ({ a, b }) => {
    let kinds = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40 }), async (steps) => {
        kinds += 1;
        await new History([a.jobs, b.jobs], `kind-${kinds}`).run(steps);
      }),
      { numRuns: RUNS },
    );
  });

  promises('of many workers at once each ends other jobs, and each job ends once', async (pair) => {
    const { a, b } = pair;
    const count = 40;
    await Promise.all(
      Array.from({ length: count }, (_, n) =>
        a.jobs.add({ kind: 'film', key: `${n}`, payload: n }),
      ),
    );
    const ended: unknown[] = [];
    const work = async (store: JobStore, n: number) => {
      for (let round = 0; ended.length < count; round++) {
        // Some are so slow that others take their jobs meanwhile.
        const isSlow = (n + round) % 3 === 0;
        const lease = await store.take(['film'], isSlow ? 1 : LONG_MS);
        if (isSlow) await sleep(4);
        if (!lease) await sleep(1);
        else if (await store.finish(lease, { done: null })) ended.push(lease.job.payload);
      }
    };
    await Promise.all(Array.from({ length: 6 }, (_, n) => work(n % 2 ? a.jobs : b.jobs, n)));
    assert.deepEqual([ended.length, new Set(ended).size], [count, count]);
  });
}

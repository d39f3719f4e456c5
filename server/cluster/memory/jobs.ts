// The jobs of one process, in plain maps.
import { randomUUID } from 'node:crypto';
import {
  JOBS_LISTED,
  type Job,
  type JobCount,
  type JobLease,
  type JobLimits,
  type JobOutcome,
  type JobState,
  type JobStore,
  jobsFull,
  jobTime,
  type NewJob,
  payloadText,
  problemText,
  progressOf,
  resultText,
} from '../jobs.ts';

interface Kept {
  job: Job;
  fence: number;
  /** When it may be begun, or when its lease ends. */
  due: number;
  /** It runs and is to stop. */
  stop: boolean;
}

export class MemoryJobs implements JobStore {
  readonly #limits: JobLimits;
  readonly #now: () => number;
  readonly #jobs = new Map<string, Kept>();
  /** The unfinished ones, by kind and key. */
  readonly #open = new Map<string, Kept>();
  /** Those that ended, by kind, the oldest first. */
  readonly #ended = new Map<string, Kept[]>();

  /** @param now UTC milliseconds */
  constructor(limits: JobLimits, now: () => number = Date.now) {
    this.#limits = limits;
    this.#now = now;
  }

  async add(job: NewJob): Promise<Job> {
    const payload: unknown = JSON.parse(payloadText(job));
    const { kind, key } = job;
    const now = this.#now();
    const notBefore = job.notBefore === undefined ? now : jobTime(job.notBefore);
    const there = this.#open.get(nameOf(job));
    if (there) return shown(there);
    if (this.#open.size >= this.#limits.maxUnfinished) throw jobsFull(this.#limits);
    const times = { notBefore, createdAt: now, updatedAt: now };
    const kept: Kept = {
      job: {
        ...{ id: randomUUID(), kind, key, payload, state: 'waiting', attempt: 0, ...times },
        ...{ progress: 0, result: null, problem: null },
      },
      ...{ fence: 0, due: notBefore, stop: false },
    };
    this.#jobs.set(kept.job.id, kept);
    this.#open.set(nameOf(job), kept);
    return shown(kept);
  }

  async take(kinds: readonly string[], leaseMs: number): Promise<JobLease | undefined> {
    const now = this.#now();
    const due = [...this.#open.values()]
      .filter((kept) => kept.due <= now && kinds.includes(kept.job.kind))
      .sort((one, other) => one.due - other.due);
    for (const kept of due) {
      if (kept.stop) {
        this.#abandon(kept);
        continue;
      }
      kept.fence += 1;
      kept.due = now + leaseMs;
      this.#change(kept, { state: 'running', attempt: kept.job.attempt + 1, progress: 0 });
      return { job: shown(kept), fence: kept.fence };
    }
    return undefined;
  }

  async renew({ job: { id }, fence }: JobLease, leaseMs: number, progress: number) {
    const kept = this.#jobs.get(id);
    if (kept?.job.state !== 'running' || kept.fence !== fence) return 'lost' as const;
    kept.due = this.#now() + leaseMs;
    this.#change(kept, { progress: progressOf(progress) });
    return kept.stop ? ('cancelled' as const) : ('held' as const);
  }

  async finish({ job: { id }, fence }: JobLease, outcome: JobOutcome): Promise<boolean> {
    const result: unknown = 'done' in outcome ? JSON.parse(resultText(outcome.done)) : null;
    const again = 'wait' in outcome ? outcome.wait : 'failed' in outcome && outcome.again;
    const notBefore = typeof again === 'number' ? jobTime(again) : undefined;
    const kept = this.#jobs.get(id);
    if (kept?.job.state !== 'running' || kept.fence !== fence) return false;
    if ('done' in outcome) {
      this.#close(kept, 'done', { progress: 1, result, problem: null });
    } else if (kept.stop) {
      this.#close(kept, 'cancelled');
    } else {
      const problem = 'failed' in outcome ? { problem: problemText(outcome.failed) || null } : {};
      if (notBefore === undefined) {
        this.#close(kept, 'failed', problem);
      } else {
        kept.due = notBefore;
        const attempt = kept.job.attempt - ('wait' in outcome ? 1 : 0);
        this.#change(kept, { state: 'waiting', attempt, notBefore, progress: 0, ...problem });
      }
    }
    return true;
  }

  async cancel(id: string): Promise<Job | undefined> {
    const kept = this.#jobs.get(id);
    if (!kept) return undefined;
    const { state } = kept.job;
    if (state === 'waiting') {
      this.#close(kept, 'cancelled');
    } else if (state === 'running') {
      if (kept.due <= this.#now()) {
        this.#abandon(kept);
      } else {
        kept.stop = true;
        this.#change(kept, {});
      }
    }
    return shown(kept);
  }

  async get(id: string): Promise<Job | undefined> {
    const kept = this.#jobs.get(id);
    if (kept) this.#forgetOld(kept.job.kind);
    return kept && this.#jobs.has(id) ? shown(kept) : undefined;
  }

  async list(kind: string, keyPrefix: string): Promise<Job[]> {
    this.#forgetOld(kind);
    return [...this.#jobs.values()]
      .filter(({ job }) => job.kind === kind && job.key.startsWith(keyPrefix))
      .reverse()
      .slice(0, JOBS_LISTED)
      .map(shown);
  }

  async counts(): Promise<JobCount[]> {
    const counts = new Map<string, JobCount>();
    for (const { job } of this.#jobs.values()) {
      const { kind, state } = job;
      const name = `${kind}|${state}`;
      counts.set(name, { kind, state, count: (counts.get(name)?.count ?? 0) + 1 });
    }
    return [...counts.values()];
  }

  #change(kept: Kept, change: Partial<Job>): void {
    Object.assign(kept.job, change, { updatedAt: this.#now() });
  }

  /** Ends a job for good. */
  #close(kept: Kept, state: JobState, change: Partial<Job> = {}): void {
    this.#change(kept, { ...change, state });
    this.#open.delete(nameOf(kept.job));
    const { kind } = kept.job;
    const ended = this.#ended.get(kind) ?? [];
    this.#ended.set(kind, ended);
    ended.push(kept);
    this.#forgetOld(kind);
  }

  /** Ends a job that nobody does any more: the process that had it has lost it from now on. */
  #abandon(kept: Kept): void {
    kept.fence += 1;
    this.#close(kept, 'cancelled');
  }

  /** Forgets jobs of a kind that ended long ago, and those that are too many. */
  #forgetOld(kind: string): void {
    const { keepMs, keptPerKind } = this.#limits;
    const ended = this.#ended.get(kind) ?? [];
    for (let [oldest] = ended; oldest; [oldest] = ended) {
      const isOld = this.#now() - oldest.job.updatedAt >= keepMs;
      if (ended.length <= keptPerKind && !isOld) return;
      ended.shift();
      this.#jobs.delete(oldest.job.id);
    }
  }
}

function nameOf({ kind, key }: Pick<Job, 'kind' | 'key'>): string {
  return `${kind}|${key}`;
}

function shown({ job }: Kept): Job {
  return structuredClone(job);
}

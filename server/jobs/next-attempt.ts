// What becomes of a job whose attempt failed: when it is begun again, or why never.
import { inspect } from 'node:util';
import type { JobOutcome } from '../cluster/jobs.ts';

/** Attempts that fail, or whose process dies, before a job is given up. */
export const MAX_ATTEMPTS = 5;
/** What passes by itself does so in seconds, or in some minutes: 10 s, 40 s, 160 s, 640 s. */
const FIRST_PAUSE_MS = 10_000;
const PAUSE_GROWS_BY = 4;

/** The job cannot be begun yet, which is no failure. */
export class NotYet extends Error {
  readonly waitMs: number;

  /** @param waitMs until it is looked at again */
  constructor(reason: string, waitMs: number) {
    super(reason);
    this.name = 'NotYet';
    this.waitMs = waitMs;
  }
}

/** No further attempt can succeed. Its message says so to whoever ordered the job. */
export class Hopeless extends Error {
  override readonly name = 'Hopeless';
}

/**
 * @param attempt the number of the one that failed, from 1
 * @param nowMs UTC milliseconds
 * @returns when the job may be begun again; undefined: never
 */
export function nextAttempt(attempt: number, error: unknown, nowMs: number): number | undefined {
  if (error instanceof NotYet) return nowMs + error.waitMs;
  if (error instanceof Hopeless || attempt >= MAX_ATTEMPTS) return undefined;
  return nowMs + FIRST_PAUSE_MS * PAUSE_GROWS_BY ** (Math.max(attempt, 1) - 1);
}

/** The outcome of an attempt that threw. */
export function failureOf(attempt: number, error: unknown, nowMs: number): JobOutcome {
  const again = nextAttempt(attempt, error, nowMs);
  if (error instanceof NotYet && again !== undefined) return { wait: again };
  const reason = reasonOf(error);
  if (again !== undefined) return { failed: reason, again };
  const tries = error instanceof Hopeless || attempt <= 1 ? '' : ` (tried ${attempt} times)`;
  return { failed: `${reason}${tries}` };
}

/**
 * A job that ends the processes that do it would end one after the other.
 * @param attempt the one that is about to begin, from 1
 * @returns why it is not begun any more; undefined when it may be
 */
export function refusalOf(attempt: number, problem: string | null): string | undefined {
  if (attempt <= MAX_ATTEMPTS) return undefined;
  const before = problem === null ? '' : ` Before that: ${problem}`;
  return `It was begun ${MAX_ATTEMPTS} times, and the process that did it ended in the middle, the last time too. It is not begun again.${before}`;
}

function reasonOf(error: unknown): string {
  if (error instanceof Error) return error.message === '' ? error.name : error.message;
  return typeof error === 'string' ? error : inspect(error);
}

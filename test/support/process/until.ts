// Waits for a condition, never for a time. The error names the last reason why it did not hold.
import { setTimeout as sleep } from 'node:timers/promises';
import { DEADLINES } from './deadlines.ts';

export interface UntilOptions {
  withinMs?: number;
  everyMs?: number;
}

const POLL_MS = 50;

/**
 * Tries again until `probe` no longer throws. An assertion in it is the natural way to write it, and
 * its message is the reason that a failure prints.
 *
 * @param condition completes the sentence "waited for …"
 * @throws Error with the last reason, and the last error as its cause
 */
export async function until<T>(
  condition: string,
  probe: () => T | Promise<T>,
  { withinMs = DEADLINES.condition, everyMs = POLL_MS }: UntilOptions = {},
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await probe();
    } catch (cause) {
      if (performance.now() >= deadline) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`waited ${withinMs} ms for ${condition}, but: ${reason}`, { cause });
      }
      await sleep(everyMs);
    }
  }
}

/** Like `promise`, but fails by name if it takes longer. The promise goes on. */
export async function within<T>(
  condition: string,
  withinMs: number,
  promise: Promise<T>,
): Promise<T> {
  const timer = new AbortController();
  const late = sleep(withinMs, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`waited ${withinMs} ms for ${condition}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
    late.catch(() => {});
  }
}

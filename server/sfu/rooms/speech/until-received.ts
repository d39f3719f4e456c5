// How long the first word of a speaker waits for those who are to hear it.
import type { Resources } from '../../../telemetry/resources.ts';

/** So long everybody is waited for. */
export const ALL_MS = 400;
/** So long most are waited for. A client with a bad line must not delay the word for all others. */
export const MOST_MS = 1_000;
/** A share of those who are to hear it. */
export const MOST = 0.9;

/** Whether the word need not wait any longer. */
export function isReceived(received: number, all: number, elapsedMs: number): boolean {
  if (received >= all || elapsedMs >= MOST_MS) return true;
  return elapsedMs >= ALL_MS && received >= all * MOST;
}

/**
 * Resolves when enough of them receive it. Never rejects.
 *
 * @param receiving one for each who is to hear it
 */
export async function untilReceived(
  receiving: readonly Promise<unknown>[],
  resources: Resources,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const startedAt = performance.now();
  let received = 0;
  const look = (elapsedMs = performance.now() - startedAt) => {
    if (isReceived(received, receiving.length, elapsedMs)) resolve();
  };
  const count = () => {
    received += 1;
    look();
  };
  for (const each of receiving) each.then(count, count);
  const timers = [ALL_MS, MOST_MS].map((ms) => resources.after(ms, () => look(ms)));
  look();
  await promise;
  for (const timer of timers) timer.close();
}

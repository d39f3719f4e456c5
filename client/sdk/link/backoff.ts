// How long to wait before the next attempt: pure functions, testable without a clock; and the wait itself.

/** The first attempt comes at once: most drops are a blink. Milliseconds. */
const FIRST_MS = 100;
const FACTOR = 2;
/** A server that came back is found within this time. */
const MAX_MS = 5_000;
/** After this long without a server the call is given up. */
const GIVE_UP_MS = 120_000;
/** A server that answers `unavailable` is busy: its clients wait at least this long. */
const RETRY_FIRST_MS = 500;

/**
 * @param attempt counted from 0
 * @param elapsedMs since the connection was lost
 * @param random in [0, 1): spreads a thousand clients of one restarted server over time
 * @returns milliseconds to wait, or undefined to give up
 */
export function reconnectDelay(
  attempt: number,
  elapsedMs: number,
  random: number,
): number | undefined {
  if (elapsedMs >= GIVE_UP_MS) return undefined;
  const ceiling = Math.min(FIRST_MS * FACTOR ** attempt, MAX_MS);
  return Math.round(ceiling * (0.5 + random / 2));
}

/**
 * The wait before a request is repeated that a server refused for the moment.
 *
 * @param attempt counted from 0
 * @param retryAfterMs the server's minimum
 * @param random in [0, 1), as above
 * @returns milliseconds to wait
 */
export function retryDelay(
  attempt: number,
  retryAfterMs: number | undefined,
  random: number,
): number {
  const growing = Math.min(RETRY_FIRST_MS * FACTOR ** attempt, MAX_MS);
  return Math.round(Math.max(growing, retryAfterMs ?? 0) * (1 + random / 2));
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

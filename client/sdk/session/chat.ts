// Sends a chat message until the server has it. The server recognises repetitions by the id.

import { ParleyError } from '../../../shared/errors.ts';
import { retryDelay, sleep } from '../link/backoff.ts';
import type { Request } from '../media/media-session.ts';
import { randomId } from './ids.ts';

/** A message is tried this often, and this long, before its author sees an error. */
const ATTEMPTS = 5;
const PATIENCE_MS = 30_000;

export interface ChatOptions {
  request: Request;
  /** Resolves when requests can be carried again. */
  up(): Promise<void>;
  /** @throws ParleyError when the call is over */
  assertLive(): void;
}

/** @throws ParleyError the server's refusal, or the last reason why it did not arrive */
export async function sendChat(
  text: string,
  { request, up, assertLive }: ChatOptions,
): Promise<void> {
  const id = randomId();
  const startedAt = performance.now();
  for (let attempt = 1; ; attempt++) {
    assertLive();
    try {
      await request('chat', { id, text });
      return;
    } catch (cause) {
      const error = ParleyError.from(cause);
      const isPatient = attempt < ATTEMPTS || performance.now() - startedAt < PATIENCE_MS;
      if (!isPassing(error) || !isPatient) throw error;
      if (error.code === 'unavailable') {
        await sleep(retryDelay(attempt - 1, error.retryAfterMs, Math.random()));
      }
      await up();
    }
  }
}

function isPassing({ code }: ParleyError): boolean {
  return code === 'unreachable' || code === 'timeout' || code === 'unavailable';
}

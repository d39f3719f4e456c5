// Leaves over another socket, when the first one was gone or died unnoticed. Otherwise others would see the
// participant as "reconnecting" until the grace period ends.
import { ParleyError } from '../../../shared/errors.ts';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';
import { reconnectDelay } from './backoff.ts';
import { Socket } from './socket.ts';

/** By default, how long a server takes to notice a dead socket, and then to end the session's lease. */
const NOTICING_MS = 45_000;

/**
 * Resumes the session once more to end it. Never rejects: the caller has left.
 *
 * @param gracePeriodMs how long the server keeps the session; after that it ends by itself
 */
export async function leaveLate(
  url: string | URL,
  session: MethodParams<'resume'>,
  gracePeriodMs: number,
): Promise<void> {
  const until = performance.now() + gracePeriodMs + NOTICING_MS;
  for (let attempt = 0; performance.now() < until; attempt++) {
    await pause(reconnectDelay(attempt, 0, Math.random()) ?? 0);
    try {
      return await leaveOver(await Socket.open(url, IGNORE_EVENTS), session);
    } catch (error) {
      if (!ParleyError.from(error).retryable) return;
    }
  }
}

/** At most until the network is back. In Node it does not keep the process alive. */
function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer: number | { unref(): void } = setTimeout(resolve, ms);
  if (typeof timer === 'object') timer.unref();
  const onOnline = () => resolve();
  globalThis.addEventListener?.('online', onOnline, { once: true });
  return promise.finally(() => globalThis.removeEventListener?.('online', onOnline));
}

/** Events of the room are ignored meanwhile. */
const IGNORE_EVENTS = { onEvent() {}, onSize() {}, onLost() {} };

async function leaveOver(socket: Socket, session: MethodParams<'resume'>): Promise<void> {
  try {
    await socket.request('resume', session);
    await socket.request('leave', {});
  } finally {
    socket.close();
  }
}

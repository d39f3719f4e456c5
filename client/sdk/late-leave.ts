// Leaving when the socket was gone, or died unnoticed: without it the others would see somebody who
// left as "reconnecting" for as long as the server keeps the place.
import { ParleyError } from '../../shared/errors.ts';
import type { MethodParams } from '../../shared/protocol.ts';
import { reconnectDelay } from './backoff.ts';
import { Socket } from './socket.ts';

/** A server that cannot be reached for longer has given the place up by itself. */
const WORTH_TRYING_MS = 60_000;

/** Takes the session up once more to end it. Never rejects: there is nobody left to tell. */
export async function leaveLate(url: string | URL, session: MethodParams<'resume'>): Promise<void> {
  const startedAt = performance.now();
  for (let attempt = 0; ; attempt++) {
    const elapsedMs = performance.now() - startedAt;
    const delayMs = reconnectDelay(attempt, elapsedMs, Math.random());
    if (delayMs === undefined || elapsedMs > WORTH_TRYING_MS) return;
    await pause(delayMs);
    try {
      return await leaveOver(await Socket.open(url, DEAF), session);
    } catch (error) {
      if (!ParleyError.from(error).retryable) return;
    }
  }
}

/** In Node it does not keep a process alive that has nothing else to do. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: number | { unref(): void } = setTimeout(resolve, ms);
    if (typeof timer === 'object') timer.unref();
  });
}

/** What the room says meanwhile is of no interest. */
const DEAF = { onEvent() {}, onLost() {} };

async function leaveOver(socket: Socket, session: MethodParams<'resume'>): Promise<void> {
  try {
    await socket.request('resume', session);
    await socket.request('leave', {});
  } finally {
    socket.close();
  }
}

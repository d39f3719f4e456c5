// Writes what mediasoup and its workers report into our log.
import { setLogEventListeners } from 'mediasoup';
import type { Logger } from '../telemetry/log.ts';

/** Logs mediasoup's own errors. One listener serves the whole process. */
export function logMediasoup(log: Logger): void {
  setLogEventListeners({
    onwarn: (namespace, text) => log[levelOf(text, 'warn')]({ namespace }, text),
    onerror: (namespace, text, err) => log[levelOf(text, 'error')]({ namespace, err }, text),
  });
}

/**
 * When both ends of an object close, the worker has often closed it before our request. A port that is taken is
 * passed over by the search for a free one; where it had to be that one, we say so ourselves.
 */
const EXPECTED: readonly RegExp[] = [
  /not found \[method:transport\.close(Consumer|Producer)\]/i,
  /PortManager::Bind\(\).*address already in use/,
  /WORKER_CREATE_WEBRTCSERVER.*address already in use/,
];

export function levelOf<L extends 'warn' | 'error'>(text: string, level: L): L | 'debug' {
  return EXPECTED.some((pattern) => pattern.test(text)) ? 'debug' : level;
}

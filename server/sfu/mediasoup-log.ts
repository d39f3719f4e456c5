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

/** When both ends of an object close, the worker has often closed it before our request. */
function levelOf<L extends 'warn' | 'error'>(text: string, level: L): L | 'debug' {
  return /not found \[method:transport\.close(Consumer|Producer)\]/i.test(text) ? 'debug' : level;
}

// What every entry does around its servers: signals, a bounded shutdown, the last words.
import type { Logger } from './telemetry/log.ts';

export interface RunningProcess {
  close(): Promise<void>;
}

/** Signals, and errors nobody expected. SIGTERM or SIGINT closes cleanly and exits 0; a second signal, or `timeoutMs`, ends it at once. */
export function closeOnSignals(
  running: RunningProcess,
  { timeoutMs, log }: { timeoutMs: number; log: Logger },
): void {
  let closing = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (closing) process.exit(1);
    closing = true;
    log.info({ signal }, 'closing');
    const deadline = setTimeout(() => {
      log.error({ timeoutMs }, 'the close took too long');
      process.exit(1);
    }, timeoutMs);
    running.close().then(
      () => {
        clearTimeout(deadline);
        log.info('closed');
        process.exit(0);
      },
      (error) => {
        log.error({ err: error }, 'the close failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  // A promise that nobody waited for must not take every call down with it.
  process.on('unhandledRejection', (error) => {
    log.error({ err: error }, 'a promise was rejected and nobody listened');
  });
}

/** An error of the start, as the one sentence its reader needs. */
export function failToStart(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  process.stderr.write(`Parley cannot start. ${message}${cause ? ` (${cause})` : ''}\n`);
  process.exit(1);
}

// Shared by all entries: signals, a bounded shutdown, the error of a failed start.
import type { Config } from '../config/config.ts';
import type { Logger } from '../telemetry/log.ts';

export interface RunningProcess {
  close(): Promise<void>;
}

/** Signals, and unexpected errors. SIGTERM or SIGINT closes cleanly and exits 0; a second signal, or `timeoutMs`, ends it at once. */
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
  // A rejection that is not handled must not end every call.
  process.on('unhandledRejection', (error) => {
    log.error({ err: error }, 'a promise was rejected and nobody listened');
  });
}

type Env = Readonly<Record<string, string | undefined>>;

/** Shorter ones can be guessed: 16 characters of base64 are 96 bits. */
const GUESSABLE_LENGTH = 16;

/** Whether rooms need no tokens. */
export function isOpen({ authToken, apiKeys }: Config['access']): boolean {
  return authToken === undefined && apiKeys === undefined;
}

/** Warns at the start of open rooms, and of a short AUTH_TOKEN. */
export function warnOfAccess(access: Config['access'], log: Logger): void {
  const { authToken } = access;
  if (isOpen(access)) {
    log.warn('AUTH_TOKEN is not set: anybody who reaches this server may join any room');
  } else if (authToken !== undefined && authToken.length < GUESSABLE_LENGTH) {
    log.warn(`AUTH_TOKEN is shorter than ${GUESSABLE_LENGTH} characters and may be guessed`);
  }
}

/**
 * Ends the process with the error of its start, as a sentence for the operator.
 * @param env where ports are set
 */
export function failToStart(error: unknown, env: Env): never {
  process.stderr.write(`Parley cannot start. ${whyNotStarted(error, env)}\n`);
  process.exit(1);
}

/** An error of the start, as a sentence for the operator. */
export function whyNotStarted(error: unknown, env: Env): string {
  const message =
    portTrouble(error, env) ?? (error instanceof Error ? error.message : String(error));
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : '';
  return `${message}${cause ? ` (${cause})` : ''}`;
}

/** An error of listening names the port, and not the setting that it comes from. */
function portTrouble(error: unknown, env: Env): string | undefined {
  const { code, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  if (port === undefined || (code !== 'EADDRINUSE' && code !== 'EACCES')) return undefined;
  const names = ['METRICS_PORT', 'PORT'] as const;
  const name = names.find((one) => Number(env[one]) === port) ?? 'PORT';
  const place = `TCP port ${port} of ${address} (${name})`;
  return code === 'EACCES'
    ? `${place} may not be opened: ports below 1024 are for root. Choose another one.`
    : `${place} is in use by another program. End that one, or choose another port.`;
}

// JSON log lines on stderr, with everything secret replaced before it is written.
import { destination, type Logger, pino } from 'pino';
import { ParleyError } from '../../shared/errors.ts';

export type { Logger };

/** Fields that never reach a log, wherever they stand up to three levels deep. */
const SECRET_FIELDS = [
  'token',
  'authToken',
  'apiKeys',
  'rejoinToken',
  'authorization',
  'cookie',
  'resumeSecret',
  'resumeHash',
  'sharedSecret',
  'password',
  'credential',
  'secret',
  'text',
];
const REDACT_PATHS = ['', '*.', '*.*.', '*.*.*.'].flatMap((prefix) =>
  SECRET_FIELDS.map((field) => `${prefix}${field}`),
);

/** @param stream where lines go; stderr unless a test listens. */
export function createLogger(level: string, stream?: { write(line: string): void }): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: REDACT_PATHS, censor: '[redacted]' },
      serializers: { err: serializeError },
    },
    stream ?? destination({ fd: 2, sync: false }),
  );
}

/** Errors with their code and their causes; the causes are for operators alone. */
function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return String(error);
  return {
    type: error.name,
    message: error.message,
    ...(error instanceof ParleyError && { code: error.code }),
    ...(error.cause !== undefined && { cause: serializeError(error.cause) }),
    ...(!(error instanceof ParleyError) && { stack: error.stack }),
  };
}

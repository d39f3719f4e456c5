// The finding of a check. Where something is wrong, it has a cause and a remedy.

export type FindingState =
  | 'ok'
  /** Calls work, but not for all or not for long; or it cannot be known from here. */
  | 'warning'
  | 'failed'
  /** Not configured, or not to be tried. */
  | 'skipped';

export interface Verdict {
  state: FindingState;
  /** A word for scripts; with `failed` and `warning`. */
  cause?: string;
  /** What the operator should do. */
  remedy?: string;
  /** The observation, in a sentence without secrets. */
  detail: string;
}

export interface Finding extends Verdict {
  check:
    | 'worker'
    | 'ports'
    | 'address'
    | 'turn'
    | 'redis'
    | 'storage'
    | 'recording'
    | 'clock'
    | 'web';
  /** The address, port or server checked. */
  subject?: string;
}

export function ok(detail: string): Verdict {
  return { state: 'ok', detail };
}

export function skipped(detail: string): Verdict {
  return { state: 'skipped', detail };
}

export function failed(cause: string, detail: string, remedy: string): Verdict {
  return { state: 'failed', cause, detail, remedy };
}

export function warning(cause: string, detail: string, remedy: string): Verdict {
  return { state: 'warning', cause, detail, remedy };
}

/** An error as one line of text. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message}${cause}`;
}

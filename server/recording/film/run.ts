// The seam to child processes: how ffmpeg is run is decided elsewhere.

export interface RunOptions {
  /** The folder in which it runs. */
  cwd: string;
  /** It is killed at once when this is aborted. */
  signal: AbortSignal;
  /** A line of its standard output. */
  onLine?: (line: string) => void;
}

export interface RunResult {
  /** Its exit code; null when a signal ended it. */
  code: number | null;
  /** The last of its standard error. */
  stderr: string;
}

/**
 * Runs a program to its end. Its standard input is closed. Settles when it is gone, also after an abort.
 *
 * @throws Error when it cannot be started
 */
export type Run = (
  program: string,
  args: readonly string[],
  options: RunOptions,
) => Promise<RunResult>;

/** What `-progress pipe:1` says: frames written, and microseconds. */
export function progressOf(line: string): { frames: number } | { us: number } | undefined {
  const [key, value = ''] = line.trim().split('=');
  const number = Number(value);
  if (value === '' || !Number.isFinite(number)) return undefined;
  if (key === 'frame') return { frames: number };
  return key === 'out_time_us' ? { us: number } : undefined;
}

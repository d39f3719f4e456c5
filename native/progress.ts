// Shows the progress of slow steps: one live line on a terminal, else a line now and then.

export type Log = (line: string) => void;

/** In a log file a line per compiled file is noise, and a minute of silence looks like a hang. */
const LINE_INTERVAL_MS = 10_000;
const LIVE_INTERVAL_MS = 250;

export interface Step {
  /** Shown as "label done/total". */
  update(done: number, total: number): void;
  /** Ends the live line. Safe to call twice. */
  close(): void;
}

export class Reporter {
  readonly #log: Log | undefined;
  readonly #stream: NodeJS.WriteStream;

  /** Without `log`, writes to stderr, so that stdout is free for a result. */
  constructor(log?: Log, stream: NodeJS.WriteStream = process.stderr) {
    this.#log = log;
    this.#stream = stream;
  }

  line(text: string): void {
    if (this.#log) this.#log(text);
    else this.#stream.write(`${text}\n`);
  }

  step(label: string): Step {
    const startedAt = performance.now();
    const live = !this.#log && this.#stream.isTTY;
    let counts = '';
    const text = () => `${label}${counts} (${formatElapsed(performance.now() - startedAt)})`;
    const show = () => {
      if (live) this.#stream.write(`\r\u001b[K${text()}`);
      else this.line(text());
    };
    if (live) show();
    const timer = setInterval(show, live ? LIVE_INTERVAL_MS : LINE_INTERVAL_MS);
    timer.unref();
    let closed = false;
    return {
      update: (done, total) => {
        counts = ` ${done}/${total}`;
      },
      close: () => {
        if (closed) return;
        closed = true;
        clearInterval(timer);
        if (live) this.#stream.write('\r\u001b[K');
      },
    };
  }
}

/** "7 s" or "1 min 05 s". */
export function formatElapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

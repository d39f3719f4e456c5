// A reporter for `node --test` that writes what the runner counts, one JSON object per line.
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** One line of the report. `file` is relative to the working directory. */
export type ReportLine =
  /**
   * `test` is absent for the file itself, whose end has its time; `died` says how its process ended,
   * if that was no clean end.
   */
  | { at: 'start' | 'end'; file: string; test?: string; durationMs?: number; died?: string }
  /** A test that did not hold, and why; not those that contain one. */
  | { at: 'failure'; file: string; test: string; reason: string }
  /** Written once for each file that registered at least one test and came to its end. */
  | { at: 'counts'; file: string; passed: number; failed: number; skipped: number };

/** The lines of a reason that are repeated at the end. The whole of it is further up. */
const REASON_LINES = 25;

function toLine(event: TestEvent): ReportLine | undefined {
  switch (event.type) {
    case 'test:dequeue':
    case 'test:complete': {
      const { name, file } = event.data;
      if (file === undefined) return undefined;
      const at = event.type === 'test:dequeue' ? 'start' : 'end';
      const path = relative(process.cwd(), file);
      if (!isFile(name, file)) return { at, file: path, test: name };
      if (event.type === 'test:dequeue') return { at, file: path };
      const { details } = event.data;
      const died = howItDied(details);
      const durationMs = details.duration_ms;
      return { at, file: path, durationMs, ...(died !== undefined && { died }) };
    }
    case 'test:fail': {
      const { name, file, details } = event.data;
      if (file === undefined || isFile(name, file)) return undefined;
      const { failureType, cause } = details.error as { failureType?: string; cause?: unknown };
      if (failureType === 'subtestsFailed') return undefined;
      return { at: 'failure', file: relative(process.cwd(), file), test: name, reason: why(cause) };
    }
    case 'test:summary': {
      const { file, counts } = event.data;
      if (file === undefined) return undefined; // The sum of the others.
      const { tests, passed } = counts;
      const skipped = counts.skipped + counts.todo;
      // Tests that neither passed nor were skipped have failed, or were cancelled.
      const failed = tests - passed - skipped;
      return { at: 'counts', file: relative(process.cwd(), file), passed, failed, skipped };
    }
    default:
      return undefined;
  }
}

/** How the process of a file ended: a crash has no message, only a signal or a code. */
function howItDied(details: { error?: unknown } | undefined): string | undefined {
  const { signal, exitCode } = (details?.error ?? {}) as { signal?: unknown; exitCode?: unknown };
  if (typeof signal === 'string') return signal;
  return typeof exitCode === 'number' && exitCode > 1 ? `exit code ${exitCode}` : undefined;
}

/** The reporter lists each file like a test of that name. */
function isFile(name: string, file: string): boolean {
  return name === file || name === relative(process.cwd(), file);
}

function why(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return text.split('\n').slice(0, REASON_LINES).join('\n');
}

// biome-ignore lint/style/noDefaultExport: `node --test` loads a reporter by its default export.
export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const line = toLine(event);
    if (line) yield `${JSON.stringify(line)}\n`;
  }
}

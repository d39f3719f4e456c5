// Runs test files, each in a process of its own, lane by lane beside each other, and each lane in the order
// given: `node --test` sorts by name, and what takes longest would begin last.
// Usage: run-files.ts <report file> <timeout ms> <lanes as JSON>
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import report from './reporter.ts';

/** Files of which so many run at once. */
export interface Lane {
  readonly files: readonly string[];
  readonly concurrency: number;
}

if (import.meta.main) {
  const [reportFile = '', timeout, lanes = '[]'] = process.argv.slice(2);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
  const written = (JSON.parse(lanes) as Lane[]).map(({ files, concurrency }) => {
    const signal = ending.signal;
    const events = run({ files, concurrency, timeout: Number(timeout), signal });
    events.on('test:fail', () => {
      process.exitCode = 1;
    });
    events.compose(new spec()).pipe(process.stdout, { end: false });
    return finished(events.compose(report).pipe(createWriteStream(reportFile, { flags: 'a' })));
  });
  await Promise.all(written);
}

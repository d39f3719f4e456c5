// Runs test files, each in a process of its own, in the order given: `node --test` sorts by name, and
// what takes longest would begin last. Usage: run-files.ts <report file> <concurrency> <timeout ms> <file> …
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import report from './reporter.ts';

const [reportFile = '', concurrency, timeout, ...files] = process.argv.slice(2);
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());
const events = run({
  files,
  concurrency: Number(concurrency),
  timeout: Number(timeout),
  signal: ending.signal,
});
events.on('test:fail', () => {
  process.exitCode = 1;
});
const lines = events.compose(report).pipe(createWriteStream(reportFile));
events.compose(new spec()).pipe(process.stdout);
await finished(lines);

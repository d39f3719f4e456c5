// The result of a test run, computed so that nothing red can look green.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PartResult, parseReport, summary, tally } from './report.ts';

const part = (result: Partial<PartResult>): PartResult => ({
  name: 'unit',
  durationMs: 1_000,
  passed: 0,
  failed: 0,
  skipped: 0,
  files: [],
  failures: [],
  problems: [],
  ...result,
});

test('the counts of all files are added up', () => {
  const { passed, failed, skipped } = tally([
    { at: 'counts', file: 'a.test.ts', passed: 2, failed: 1, skipped: 0 },
    { at: 'counts', file: 'b.test.ts', passed: 3, failed: 0, skipped: 4 },
  ]);
  assert.deepEqual({ passed, failed, skipped }, { passed: 5, failed: 1, skipped: 4 });
});

test('a file that ended without a count registered no test', () => {
  const { emptyFiles } = tally([
    { at: 'start', file: 'empty.test.ts' },
    { at: 'end', file: 'empty.test.ts' },
    { at: 'end', file: 'full.test.ts' },
    { at: 'counts', file: 'full.test.ts', passed: 1, failed: 0, skipped: 0 },
  ]);
  assert.deepEqual(emptyFiles, ['empty.test.ts']);
});

test('a process that died is named, with how', () => {
  const { died } = tally([
    { at: 'start', file: 'a.test.ts' },
    { at: 'end', file: 'a.test.ts', died: 'SIGSEGV' },
  ]);
  assert.deepEqual(died, ['a.test.ts (SIGSEGV)']);
});

test('the files that took longest are named, the longest first', () => {
  const { files } = tally([
    { at: 'end', file: 'short.test.ts', durationMs: 900 },
    { at: 'end', file: 'long.test.ts', test: 'a test of it', durationMs: 60_000 },
    { at: 'end', file: 'long.test.ts', durationMs: 61_000 },
  ]);
  assert.match(
    summary([part({ files })]),
    /longest:\n +1 min 01 s {2}long.test.ts\n +0.9 s {2}short/,
  );
});

test('what hangs is named', () => {
  const { running } = tally([
    { at: 'start', file: 'a.test.ts' },
    { at: 'start', file: 'a.test.ts', test: 'quick' },
    { at: 'end', file: 'a.test.ts', test: 'quick' },
    { at: 'start', file: 'a.test.ts', test: 'stuck' },
  ]);
  assert.deepEqual(running, ['a.test.ts', 'a.test.ts › stuck']);
});

test('a report that was cut off is read as far as it goes', () => {
  const lines = parseReport('{"at":"start","file":"a.test.ts"}\n{"at":"en');
  assert.deepEqual(lines, [{ at: 'start', file: 'a.test.ts' }]);
});

test('the summary ends with one plain line, which counts problems as failures', () => {
  const text = summary([
    part({ passed: 7, failed: 1 }),
    part({ name: 'e2e', passed: 2, problems: ['process 7 was left running'] }),
  ]);
  assert.match(text, /\n9 passed, 2 failed\n$/);
  assert.match(text, /e2e: process 7 was left running/);
});

test('each failing test is told again at the end, with its reason', () => {
  const { failures } = tally([
    { at: 'failure', file: 'a.test.ts', test: 'adds', reason: '3 is not 2\nat all' },
    { at: 'counts', file: 'a.test.ts', passed: 0, failed: 1, skipped: 0 },
  ]);
  const text = summary([part({ failed: 1, failures })]);
  assert.match(text, /Failing tests:\n {2}a\.test\.ts › adds\n {6}3 is not 2\n {6}at all\n/);
  assert.match(text, /\n0 passed, 1 failed\n$/);
});

test('skipped tests are told', () => {
  assert.match(summary([part({ passed: 1, skipped: 2 })]), /\n1 passed, 0 failed, 2 skipped\n$/);
});

// The result of a part of the tests: read from the reporter's lines, and shown as a table.
import type { ReportLine } from './reporter.ts';

export interface Failure {
  file: string;
  test: string;
  reason: string;
}

export interface FileTime {
  file: string;
  durationMs: number;
}

export interface PartResult {
  name: string;
  durationMs: number;
  passed: number;
  failed: number;
  skipped: number;
  /** How long each test file took, in the order of their ends. */
  files: readonly FileTime[];
  /** Each failing test, and why; {@link PartResult.failed} has counted them. */
  failures: readonly Failure[];
  /** Problems besides failed tests, in sentences. Each counts as one failure. */
  problems: string[];
}

/** The counts of a part that ran no test. */
export const NO_TESTS = {
  passed: 0,
  failed: 0,
  skipped: 0,
  files: [],
  failures: [],
} satisfies Partial<PartResult>;

/** The sums of the {@link ReportLine}s of one run of `node --test`. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  files: FileTime[];
  failures: Failure[];
  /** Files that came to their end without registering a test: they look green and check nothing. */
  emptyFiles: string[];
  /** Files whose process crashed, and how. */
  died: string[];
  /** Tests that began and did not end, as `file` or `file › test`. */
  running: string[];
}

export function tally(lines: readonly ReportLine[]): Tally {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const running = new Set<string>();
  const ended = new Set<string>();
  const counted = new Set<string>();
  const died: string[] = [];
  const files: FileTime[] = [];
  const failures: Failure[] = [];
  for (const line of lines) {
    if (line.at === 'counts') {
      counted.add(line.file);
      total.passed += line.passed;
      total.failed += line.failed;
      total.skipped += line.skipped;
      continue;
    }
    if (line.at === 'failure') {
      const { file, test, reason } = line;
      failures.push({ file, test, reason });
      continue;
    }
    const label = line.test === undefined ? line.file : `${line.file} › ${line.test}`;
    if (line.at === 'start') running.add(label);
    else running.delete(label);
    if (line.at === 'end' && line.test === undefined) {
      ended.add(line.file);
      files.push({ file: line.file, durationMs: line.durationMs ?? 0 });
    }
    if (line.died !== undefined) died.push(`${line.file} (${line.died})`);
  }
  return {
    ...total,
    files,
    failures,
    emptyFiles: [...ended].filter((file) => !counted.has(file)),
    died,
    running: [...running],
  };
}

/** A line cut off by a killed process is left out. */
export function parseReport(text: string): ReportLine[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as ReportLine];
    } catch {
      return [];
    }
  });
}

/** Files that the summary names: those that took longest, over all parts. */
const SLOWEST_SHOWN = 10;

/** Where the time went, what failed and why; ends with the one line that says it all. */
export function summary(results: readonly PartResult[]): string {
  const failures = results.flatMap((result) =>
    result.failures.map(
      ({ file, test, reason }) => `  ${file} › ${test}\n${reason.replaceAll(/^/gm, '      ')}`,
    ),
  );
  const problems = results.flatMap((result) =>
    result.problems.map((problem) => `  ${result.name}: ${problem}`),
  );
  const slowest = results
    .flatMap(({ files }) => files)
    .toSorted((a, b) => b.durationMs - a.durationMs)
    .slice(0, SLOWEST_SHOWN);
  const sum = (key: 'passed' | 'failed' | 'skipped' | 'durationMs') =>
    results.reduce((total, result) => total + result[key], 0);
  const failed = sum('failed') + problems.length;
  const skipped = sum('skipped');
  return [
    '',
    row('part', 'time', 'passed', 'failed', 'skipped'),
    ...results.map((result) =>
      row(
        result.name,
        duration(result.durationMs),
        count(result.passed),
        count(result.failed + result.problems.length),
        count(result.skipped),
      ),
    ),
    row('all', duration(sum('durationMs')), count(sum('passed')), count(failed), count(skipped)),
    ...(slowest.length > 0 ? ['', 'Files that took longest:'] : []),
    ...slowest.map(({ file, durationMs }) => `  ${duration(durationMs).padStart(11)}  ${file}`),
    ...(failures.length > 0 ? ['', 'Failing tests:', ...failures] : []),
    ...(problems.length > 0 ? ['', 'Besides failing tests:', ...problems] : []),
    '',
    `${sum('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    '',
  ].join('\n');
}

function row(name: string, ...cells: string[]): string {
  return `  ${name.padEnd(22)}${cells.map((cell) => cell.padStart(10)).join('')}`;
}

function count(value: number): string {
  return value === 0 ? '–' : String(value);
}

function duration(ms: number): string {
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

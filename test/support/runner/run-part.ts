// Runs one part of the tests and returns its result.
import { randomBytes } from 'node:crypto';
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { lifeline } from '../../../native/host/lifeline.ts';
import { type ChildOptions, ROOT, runChild } from './child.ts';
import type { CheckPart, Part, TestPart } from './parts.ts';
import { RUN_MARK, sweep } from './processes.ts';
import { NO_TESTS, type PartResult, parseReport, tally } from './report.ts';
import { machineIsBusy } from './spare-cpus.ts';

const RUN_FILES = path.join(import.meta.dirname, 'run-files.ts');
/** What Node.js compiled: hundreds of processes of a run load the same files. */
const COMPILE_CACHE = path.join(ROOT, 'node_modules/.cache/node-compile');

type Outcome = Omit<PartResult, 'name' | 'durationMs'>;

/**
 * Never throws: whatever goes wrong is in the result.
 *
 * @param signal aborted with the name of the signal that ends the run
 */
export async function runPart(part: Part, signal: AbortSignal): Promise<PartResult> {
  console.log(`\n— ${part.name} —\n`);
  const startedAt = performance.now();
  const mark = `${part.name}-${process.pid}-${randomBytes(6).toString('hex')}`;
  const env = { [RUN_MARK]: mark, NODE_COMPILE_CACHE: COMPILE_CACHE };
  const child = { env, timeoutMs: part.timeoutMs, signal };
  // A browser is in no process group of ours: should this process be killed, it is found by the mark.
  const release = lifeline.guardMarked(`${RUN_MARK}=${mark}`);
  let outcome: Outcome;
  try {
    outcome = part.kind === 'check' ? await check(part, child) : await tests(part, child);
  } catch (error) {
    outcome = { ...NO_TESTS, problems: [String(error)] };
  }
  for (const { pid, command } of await sweep(mark)) {
    outcome.problems.push(`process ${pid} was left running: ${command}`);
  }
  release();
  if (signal.aborted) outcome.problems.push(`ended by ${signal.reason}`);
  return { name: part.name, durationMs: performance.now() - startedAt, ...outcome };
}

type Child = Pick<ChildOptions, 'env' | 'timeoutMs' | 'signal'>;

async function check(part: CheckPart, child: Child): Promise<Outcome> {
  const { command, args } = part;
  const { exitCode, timedOut } = await runChild({ ...child, command, args });
  const passed = exitCode === 0 ? 1 : 0;
  return { ...NO_TESTS, passed, failed: 1 - passed, problems: timedOut ? [late(part)] : [] };
}

async function tests(part: TestPart, child: Child): Promise<Outcome> {
  const files: string[] = [];
  for await (const file of glob([...part.files], { cwd: ROOT })) files.push(file);
  files.sort();
  if (files.length === 0) {
    const problem = `there are no tests in ${part.files.join(', ')}`;
    return { ...NO_TESTS, problems: [problem] };
  }
  const busy = await machineIsBusy();
  const concurrency = busy ? part.concurrencyWhenBusy : part.concurrency;
  if (concurrency < part.concurrency)
    console.log(`Other programs use this machine: ${concurrency} files at once.\n`);
  const directory = await mkdtemp(path.join(tmpdir(), 'parley-tests-'));
  try {
    const reportFile = path.join(directory, 'report.jsonl');
    const { exitCode, timedOut } = await runChild({
      ...child,
      command: process.execPath,
      args: [
        RUN_FILES,
        reportFile,
        String(concurrency),
        String(part.testTimeoutMs),
        ...inOrder(files, part.first),
      ],
    });
    const { emptyFiles, died, running, ...counts } = tally(
      parseReport(await readFile(reportFile, 'utf8').catch(() => '')),
    );
    const { passed, failed } = counts;
    const problems = emptyFiles.map((file) => `${file} registers no test, or failed before it did`);
    for (const file of died) problems.push(`the process of ${file} died`);
    if (timedOut) problems.push(`${late(part)}; still running: ${running.join(', ') || 'nothing'}`);
    else if (child.signal.aborted) return { ...counts, problems };
    else if (exitCode !== 0 && failed + problems.length === 0) {
      problems.push(`the test runner ended with ${exitCode} although no test failed`);
    }
    if (passed + failed === 0 && problems.length === 0) problems.push('no test ran');
    return { ...counts, problems };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Those that take longest begin first, so that the part does not end with one of them alone. */
function inOrder(files: readonly string[], first: readonly string[] = []): string[] {
  const rank = (file: string) => {
    const at = first.findIndex((name) => file.endsWith(`/${name}.test.ts`));
    return at < 0 ? first.length : at;
  };
  return files.toSorted((a, b) => rank(a) - rank(b));
}

function late(part: Part): string {
  return `not done within ${part.timeoutMs / 60_000} minutes`;
}

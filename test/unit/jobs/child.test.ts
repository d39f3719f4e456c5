// Programs of jobs: their output, their priority, and that none is left behind, whatever ends first.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { type ChildOptions, runChild } from '../../../server/jobs/child.ts';
import { until } from '../../support/process/until.ts';
import { killMarked, markedProcesses, RUN_MARK } from '../../support/runner/processes.ts';
import { ownedBy } from '../../support/server/owned.ts';

const CHILD = path.resolve(import.meta.dirname, '../../../server/jobs/child.ts');
const SLEEP = /^sleep 600/;
const LAUNCHER = /child-launcher/;
const NEVER = new AbortController().signal;

const shell = (script: string, options: Partial<ChildOptions> = {}) =>
  runChild({ command: 'sh', args: ['-c', script], signal: NEVER, ...options });

/** An environment by which everything that it is given to can be found. */
function marked(t: TestContext) {
  const mark = `child-${randomBytes(6).toString('hex')}`;
  ownedBy(t).defer(() => killMarked(mark));
  const named = async (name: RegExp) =>
    (await markedProcesses(mark)).filter(({ command }) => name.test(command));
  return {
    env: { ...process.env, [RUN_MARK]: mark, NODE_TEST_CONTEXT: undefined },
    there: (name: RegExp, count: number) =>
      until(`${count} of ${name}`, async () => {
        const found = await named(name);
        assert.equal(found.length, count);
        return found;
      }),
    isEmpty: () =>
      until('nothing to be left', async () => assert.deepEqual(await markedProcesses(mark), [])),
  };
}

test('a program’s lines are passed on, and its end is told', async () => {
  const lines: string[] = [];
  const end = await shell('echo one; echo two; echo warn >&2; printf last; exit 3', {
    onStdoutLine: (line) => lines.push(`out ${line}`),
    onStderrLine: (line) => lines.push(`err ${line}`),
  });
  assert.deepEqual(lines.sort(), ['err warn', 'out last', 'out one', 'out two']);
  assert.deepEqual(end, { code: 3, signal: null, stderr: ['warn'] });
});

test('all of a large output is read, and the end of the errors kept', async () => {
  let count = 0;
  const script = 'seq 200000; seq 1000000 1020000 >&2';
  const { stderr, code } = await shell(script, {
    onStdoutLine: () => {
      count += 1;
    },
    maxOutputBytes: 100,
  });
  assert.deepEqual([code, count, stderr.at(-1), stderr.length], [0, 200_000, '1020000', 12]);
});

test('a program that is killed says by which signal', async () => {
  assert.deepEqual(await shell('kill -SEGV $$'), { code: null, signal: 'SIGSEGV', stderr: [] });
});

test('a program runs in its folder, with its environment, at a low priority', async () => {
  const lines: string[] = [];
  await shell('pwd; echo $COLOUR; nice; cat', {
    cwd: '/',
    env: { PATH: process.env.PATH, COLOUR: 'blue' },
    onStdoutLine: (line) => lines.push(line),
  });
  assert.deepEqual(lines, ['/', 'blue', String(getPriority() + 10)]);
});

test('a program that is not there, or whose folder is not, is named', async () => {
  const missing = runChild({ command: 'no-such-program', args: [], signal: NEVER });
  await assert.rejects(missing, /no-such-program could not be started: .*ENOENT/);
  await assert.rejects(shell('true', { cwd: '/no/such' }), /sh could not be started: .*ENOENT/);
});

test('a program is asked to end, and has time for it', async (t) => {
  const { env, there, isEmpty } = marked(t);
  const stop = new AbortController();
  const lines: string[] = [];
  const script = 'trap "echo bye; exit 0" TERM; echo hello; while :; do sleep 0.05; done';
  const running = shell(script, {
    ...{ env, signal: stop.signal, killAfterMs: 10_000 },
    onStdoutLine: (line) => lines.push(line),
  });
  await until('it to begin', () => assert.deepEqual(lines, ['hello']));
  await there(LAUNCHER, 1);
  stop.abort(new Error('enough'));
  await assert.rejects(running, /enough/);
  assert.deepEqual(lines, ['hello', 'bye']);
  await isEmpty();
});

test('a program that does not want to end is killed, with what it started', async (t) => {
  const { env, there, isEmpty } = marked(t);
  const stop = new AbortController();
  const script = 'trap "" TERM; sleep 600 & sleep 600; sleep 600';
  const running = shell(script, { env, signal: stop.signal, killAfterMs: 50 });
  running.catch(() => {});
  await there(SLEEP, 2);
  stop.abort();
  await assert.rejects(running, { name: 'AbortError' });
  await isEmpty();
});

test('what was stopped before it began never begins', async () => {
  const signal = AbortSignal.abort(new Error('too late'));
  await assert.rejects(shell('exit 0', { signal }), /too late/);
});

test('a program that is stopped while it starts ends too', async (t) => {
  const { env, isEmpty } = marked(t);
  const stop = new AbortController();
  const running = shell('sleep 600', { env, signal: stop.signal });
  stop.abort(new Error('at once'));
  await assert.rejects(running, /at once/);
  await isEmpty();
});

test('what a program leaves behind ends with it', async (t) => {
  const { env, isEmpty } = marked(t);
  const { code } = await shell('sleep 600 & exit 0', { env });
  assert.equal(code, 0);
  await isEmpty();
});

test('a program does not outlive its launcher', async (t) => {
  const { env, there, isEmpty } = marked(t);
  const running = shell('sleep 600', { env });
  running.catch(() => {});
  await there(SLEEP, 1);
  const [launcher] = await there(LAUNCHER, 1);
  process.kill(launcher?.pid ?? 0, 'SIGKILL');
  await assert.rejects(running, /sh was killed, together with its launcher/);
  await isEmpty();
});

for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
  test(`a program does not outlive the process that wanted it (${signal})`, async (t) => {
    const { env, there, isEmpty } = marked(t);
    const source = `
      import { runChild } from '${CHILD}';
      const { signal } = new AbortController();
      console.log('begins');
      await runChild({ command: 'sh', args: ['-c', 'sleep 600 & sleep 600; true'], signal });
    `;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', source], {
      ...{ env, stdio: ['ignore', 'pipe', 'inherit'] },
    });
    await there(SLEEP, 2);
    owner.kill(signal);
    await isEmpty();
  });
}

test('a process that is killed in whatever moment of a start leaves nothing', async (t) => {
  const { env, isEmpty } = marked(t);
  const source = `
    import { runChild } from '${CHILD}';
    const { signal } = new AbortController();
    console.log('begins');
    await runChild({ command: 'sleep', args: ['600'], signal });
  `;
  for (const afterMs of [0, 10, 30, 60, 90]) {
    const owner = spawn(process.execPath, ['--input-type=module', '-e', source], {
      ...{ env, stdio: ['ignore', 'pipe', 'inherit'] },
    });
    await once(createInterface({ input: owner.stdout }), 'line');
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    owner.kill('SIGKILL');
  }
  await isEmpty();
});

// What a process started ends with it, whatever way that ends; what it let go of does not.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { descendants, livingProcesses, WATCHER_TITLE } from '../../../native/host/process-tree.ts';
import { until } from '../../support/process/until.ts';
import { killMarked, markedProcesses, RUN_MARK } from '../../support/runner/processes.ts';
import { ownedBy } from '../../support/server/owned.ts';

const HOST = path.resolve(import.meta.dirname, '../../../native/host');
const MANAGED = path.resolve(import.meta.dirname, '../../support/process/managed-process.ts');
const isWatcher = ({ command }: { command: string }) => command.includes(WATCHER_TITLE);
/** A shell that leaves one child behind and waits for another. */
const FAMILY = `['sh', ['-c', 'sleep 600 & sleep 600; true']]`;

/** Runs a launcher until the processes that it starts are there. */
async function launch(t: TestContext, source: string, started: number) {
  const mark = `lifeline-${randomBytes(6).toString('hex')}`;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', source], {
    env: { ...process.env, [RUN_MARK]: mark, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const named = async (name: string) =>
    (await markedProcesses(mark)).filter(({ command }) => command.includes(name));
  ownedBy(t).defer(() => killMarked(mark));
  await until('what it starts to be there', async () => {
    assert.equal((await named('sleep 600')).length, started);
    assert.equal((await named(WATCHER_TITLE)).length, 1);
  });
  const isEmpty = () =>
    until('nothing to be left', async () => assert.deepEqual(await markedProcesses(mark), []));
  return { launcher, named, isEmpty };
}

test('the compilers of a build that is killed end, with what they started', async (t) => {
  const source = `
    import { run } from '${HOST}/run.ts';
    await run(...${FAMILY});
  `;
  const { launcher, isEmpty } = await launch(t, source, 3);
  launcher.kill('SIGKILL');
  await isEmpty();
});

test('a process of a test that is killed ends, though it is in no group of its own', async (t) => {
  const source = `
    import { ManagedProcess } from '${MANAGED}';
    const [command, args] = ${FAMILY};
    new ManagedProcess({ name: 'family', command, args });
  `;
  const { launcher, isEmpty } = await launch(t, source, 3);
  launcher.kill('SIGKILL');
  await isEmpty();
});

test('a launcher that ends by itself, or crashes, leaves nothing either', async (t) => {
  const source = `
    import { spawn } from 'node:child_process';
    import { lifeline } from '${HOST}/lifeline.ts';
    lifeline.guard(spawn('sleep', ['600'], { detached: true }));
    process.on('SIGUSR2', () => { throw new Error('as it was told to') });
  `;
  const { launcher, isEmpty } = await launch(t, source, 1);
  launcher.kill('SIGUSR2');
  await isEmpty();
});

test('a process that carries the mark is found in whatever group it is', async (t) => {
  const source = `
    import { spawn } from 'node:child_process';
    import { lifeline } from '${HOST}/lifeline.ts';
    lifeline.guardMarked('${RUN_MARK}=' + process.env.${RUN_MARK});
    spawn('sh', ['-c', 'setsid sleep 600 & exit 0']);
    setInterval(() => {}, 1000);
  `;
  const { launcher, isEmpty } = await launch(t, source, 1);
  launcher.kill('SIGKILL');
  await isEmpty();
});

test('what a marked process guards ends too, though it does not show the mark', async (t) => {
  const guardian = `
    import { execFileSync } from 'node:child_process';
    import { lifeline } from '${HOST}/lifeline.ts';
    // Its parent has ended: no longer in the tree of anything that is killed.
    const script = 'setsid sleep 600 >&- 2>&- & echo $!';
    const pid = Number(execFileSync('sh', ['-c', script], { env: {} }));
    lifeline.guard({ pid, exitCode: null, signalCode: null, once() {} });
    console.log(pid);
    setInterval(() => {}, 1000);
  `;
  const source = `
    import { spawn } from 'node:child_process';
    import { lifeline } from '${HOST}/lifeline.ts';
    lifeline.guardMarked('${RUN_MARK}=' + process.env.${RUN_MARK});
    const args = ['--input-type=module', '-e', process.argv[1]];
    spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    setInterval(() => {}, 1000);
  `;
  const mark = `lifeline-${randomBytes(6).toString('hex')}`;
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', source, guardian], {
    env: { ...process.env, [RUN_MARK]: mark, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ownedBy(t).defer(() => killMarked(mark));
  const [line] = await once(launcher.stdout, 'data');
  const hidden = Number(line);
  const isThere = async () => (await livingProcesses()).some(({ pid }) => pid === hidden);
  await until('both watchers to be there', async () => {
    const watchers = (await markedProcesses(mark)).filter(isWatcher);
    assert.equal(watchers.length, 2);
  });
  assert.ok(await isThere());
  launcher.kill('SIGKILL');
  await until('the hidden process to end', async () => assert.equal(await isThere(), false));
  await until('nothing to be left', async () => assert.deepEqual(await markedProcesses(mark), []));
});

test('a watcher that was killed has a successor', async (t) => {
  const source = `
    import { spawn } from 'node:child_process';
    import { lifeline } from '${HOST}/lifeline.ts';
    lifeline.guard(spawn('sleep', ['600']));
  `;
  const { launcher, named, isEmpty } = await launch(t, source, 1);
  const [watcher] = await named(WATCHER_TITLE);
  process.kill(watcher!.pid, 'SIGKILL');
  await until('another watcher', async () => {
    const [successor] = await named(WATCHER_TITLE);
    assert.ok(successor && successor.pid !== watcher!.pid);
  });
  launcher.kill('SIGKILL');
  await isEmpty();
});

test('what was let go of lives on, and the launcher can end', async (t) => {
  const source = `
    import { spawn } from 'node:child_process';
    import { lifeline } from '${HOST}/lifeline.ts';
    const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
    child.unref();
    lifeline.guard(child);
    process.on('SIGUSR2', () => { lifeline.close(); process.exit(); });
    setInterval(() => {}, 1000);
  `;
  const { launcher, named } = await launch(t, source, 1);
  const exited = once(launcher, 'exit');
  launcher.kill('SIGUSR2');
  await exited;
  await until('the watcher to end', async () => assert.deepEqual(await named(WATCHER_TITLE), []));
  assert.equal((await named('sleep 600')).length, 1);
});

test('descendants are found by parent and by group', async () => {
  const process = (pid: number, parent: number, group = pid) => ({
    ...{ pid, parent, group },
    ...{ marked: false, isWatcher: false },
  });
  const processes = [
    process(10, 1),
    process(11, 10, 10),
    // Its parent has ended: it is the group that tells.
    process(12, 1, 10),
    process(13, 12),
    process(20, 1),
    process(21, 20, 20),
  ];
  assert.deepEqual([...descendants(processes, new Set([10]))].sort(), [11, 12, 13]);
  assert.ok((await livingProcesses()).some(({ pid }) => pid === globalThis.process.pid));
});

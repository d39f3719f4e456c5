// Whoever starts processes is killed without a chance to end them: they end all the same.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { lifeline } from '../../native/host/lifeline.ts';
import { descendants, livingProcesses } from '../../native/host/process-tree.ts';
import { until } from '../support/process/until.ts';
import { killMarked, markedProcesses, RUN_MARK } from '../support/runner/processes.ts';
import { ownedBy } from '../support/server/owned.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Starts a program in a process group of its own, with a mark that all it starts inherit. */
async function launch(t: TestContext, command: string, args: readonly string[], says: RegExp) {
  const mark = `killed-launcher-${randomBytes(6).toString('hex')}`;
  const child = spawn(command, [...args], {
    cwd: ROOT,
    env: { ...process.env, [RUN_MARK]: mark, NODE_TEST_CONTEXT: undefined },
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  lifeline.guard(child);
  // Redis hides its mark: it is known by whom it descends from.
  const started: number[] = [];
  const left = async () => {
    const living = (await livingProcesses()).filter(({ pid }) => started.includes(pid));
    const marked = await markedProcesses(mark);
    const unmarked = living.filter(({ pid }) => !marked.some((one) => one.pid === pid));
    return [...marked, ...unmarked.map(({ pid }) => ({ pid, command: 'Redis, or another' }))];
  };
  ownedBy(t).defer(async () => {
    await killMarked(mark);
    await nothingIsLeft(left);
  });
  for await (const line of createInterface({ input: child.stdout })) if (says.test(line)) break;
  started.push(...descendants(await livingProcesses(), new Set([child.pid!])));
  return { pid: child.pid!, exited: once(child, 'exit'), left };
}

async function nothingIsLeft(left: () => Promise<unknown[]>): Promise<void> {
  await until('nothing to be left of it', async () => assert.deepEqual(await left(), []));
}

const CLUSTER = ['deploy/local/main.ts', '--port', '0', '--web', '2', '--sfu', '2'];
const READY = /Parley is ready/;

test('npm run cluster, its own process killed with SIGKILL: all it started ends', async (t) => {
  const { pid, left } = await launch(t, process.execPath, CLUSTER, READY);
  // Itself and its watcher, Redis, two web, two sfu-rtc with a worker each.
  const before = await left();
  assert.ok(before.length >= 9, before.map(({ command }) => command).join('\n'));
  process.kill(pid, 'SIGKILL');
  await nothingIsLeft(left);
});

test('npm run cluster, its whole process group killed, as an editor does: all it started ends', async (t) => {
  const { pid, left } = await launch(t, process.execPath, CLUSTER, READY);
  process.kill(-pid, 'SIGKILL');
  await nothingIsLeft(left);
});

test('npm run cluster, npm itself killed: all it started ends', async (t) => {
  const args = ['run', '--silent', 'cluster', '--', '--port', '0', '--web', '1', '--sfu', '1'];
  const { pid, left } = await launch(t, 'npm', args, READY);
  process.kill(pid, 'SIGKILL');
  await nothingIsLeft(left);
});

test('an sfu-rtc replica killed with SIGKILL leaves no media worker behind', async (t) => {
  const { left } = await launch(t, process.execPath, CLUSTER, READY);
  const is = (name: string) => async () =>
    (await left()).filter(({ command }) => command.includes(name));
  const [workers, replicas] = [is('mediasoup-worker'), is('sfu-rtc.ts')];
  assert.equal((await workers()).length, 2);
  for (const { pid } of await replicas()) process.kill(pid, 'SIGKILL');
  await nothingIsLeft(workers);
});

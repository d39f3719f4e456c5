// The sweep finds what a test left running, wherever it hides, and ends it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { markedProcesses, RUN_MARK, sweep } from './processes.ts';

/** No grace: processes at the beginning of the sweep count as left. */
const NO_GRACE_MS = 0;

test('a process that outlives its parent is found by its mark and ended', async () => {
  const mark = `sweep-${process.pid}`;
  const parent = spawn('sh', ['-c', 'sleep 600 & exit 0'], {
    env: { ...process.env, [RUN_MARK]: mark },
    stdio: 'ignore',
  });
  await once(parent, 'exit');

  const swept = await sweep(mark, NO_GRACE_MS);

  assert.deepEqual(
    swept.map(({ command }) => command),
    ['sleep 600'],
  );
  assert.deepEqual(await markedProcesses(mark), []);
});

test('another run’s processes are left alone', async () => {
  const mine = `mine-${process.pid}`;
  const other = spawn('sleep', ['600'], { env: { ...process.env, [RUN_MARK]: `${mine}-not` } });
  try {
    assert.deepEqual(await sweep(mine, NO_GRACE_MS), []);
    assert.equal(other.exitCode, null);
  } finally {
    const exit = once(other, 'exit');
    other.kill();
    await exit;
  }
});

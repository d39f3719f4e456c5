// A worker that is replaced, and whose port another program has taken meanwhile.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import pino from 'pino';
import { provisionWorker } from '../../../../native/provision.ts';
import { type LiveWorker, WorkerPool } from '../../../../server/sfu/workers/worker-pool.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { freeTcpPort, isFree } from '../../../support/network/ports.ts';
import { until } from '../../../support/process/until.ts';

const ADDRESS = '127.0.0.1';

async function startPool(t: TestContext, count: number, port: number | undefined) {
  const pool = await WorkerPool.start({
    count,
    workerBin: (await provisionWorker()).path,
    port,
    listenInfos: (p) => [{ protocol: 'tcp', ip: ADDRESS, port: p }],
    resources: new Resources(),
    log: pino({ level: 'silent' }),
  });
  t.after(() => pool.close());
  return pool;
}

/** Another program takes the port at the moment in which the worker's death is noticed. */
async function loseItsPort(pool: WorkerPool, worker: LiveWorker) {
  const thief = createServer();
  // The replacement is started a turn later at the earliest, and takes some milliseconds to start.
  pool.onDied = ({ port }) => thief.listen(port, ADDRESS);
  const listening = once(thief, 'listening');
  process.kill(worker.worker.pid, 'SIGKILL');
  await listening;
  return thief;
}

test('a port taken while its worker restarts: without MEDIA_PORT the worker takes another', async (t) => {
  const pool = await startPool(t, 1, 0);
  const [before] = pool.live;
  assert.ok(before);
  const thief = await loseItsPort(pool, before);
  t.after(() => thief.close());
  const after = await until('a worker to be there again', async () => {
    assert.ok(pool.live[0]);
    return pool.live[0];
  });
  assert.notEqual(after.port, before.port);
});

test('a port taken while its worker restarts: with MEDIA_PORT rooms go to another worker, and it comes back', async (t) => {
  // Each worker has one: the port and its neighbour.
  const first = await freeTcpPort((port) => isFree(port + 1));
  const pool = await startPool(t, 2, first);
  const [hit, spared] = pool.live;
  assert.ok(hit && spared);
  const thief = await loseItsPort(pool, hit);
  t.after(() => thief.close());
  assert.deepEqual(pool.live, [spared], 'it is not there, so nothing is placed on it');
  assert.equal(
    await pool.pick([spared]),
    spared,
    'a room that would rather have another gets this',
  );
  thief.close();
  await until('the worker to be there again', async () => {
    assert.equal(pool.live.length, 2);
    assert.deepEqual(
      pool.live.map(({ port }) => port),
      [first, first + 1],
    );
  });
});

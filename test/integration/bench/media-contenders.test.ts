// The contenders of bench:media forward what is published to everybody who receives, and to nobody who has paused.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { cleanup } from 'node-datachannel';
import type { Contender } from '../../../bench/media/contender.ts';
import { startBare } from '../../../bench/media/contenders/bare.ts';
import { startParley } from '../../../bench/media/contenders/parley.ts';
import { peerServer } from '../../../bench/media/contenders/peer-server.ts';
import { readPlan } from '../../../bench/media/plan.ts';
import { costOf, lossOf } from '../../../bench/media/report.ts';
import { Stage } from '../../../bench/media/stage.ts';
import { thisMachine } from '../../../client/load/main.ts';
import { provisionWorker } from '../../../native/provision.ts';
import { until } from '../../support/process/until.ts';
import { startWhipServer } from './whip-server.ts';

const RUN = 4_711;
const RECEIVERS = 3;
const ANYWHERE = { server: [], description: '' };
/** Packets under way at the edges of a turn, on a machine that does other work. Per cent. */
const SOME_LOSS = 10;
const machine = thisMachine();

after(() => cleanup());

function planFor(env: Record<string, string> = {}) {
  const args = ['--receivers', String(RECEIVERS), '--seconds', '1'];
  return readPlan({ args, env, machine });
}

async function forwards(contender: Contender): Promise<void> {
  const plan = planFor();
  const stage = await Stage.open(contender, plan, RUN);
  try {
    await stage.fill();
    await until('the picture to reach everybody', async () => {
      const turn = await stage.turn(true);
      assert.ok(turn.sent > 0, 'the publisher sent nothing');
      const loss = lossOf(turn, RECEIVERS);
      assert.ok(loss < SOME_LOSS, `${loss} % were lost`);
      if (contender.processes.length > 0) assert.ok((costOf(turn) ?? 0) > 0);
    });
    if (!stage.pausable) return;
    await stage.pause(true);
    await until('the pause to end what is received', async () => {
      assert.equal((await stage.turn(true)).received, 0);
    });
    await stage.pause(false);
    await until('the picture to come back', async () => {
      assert.ok(lossOf(await stage.turn(true), RECEIVERS) < SOME_LOSS);
    });
  } finally {
    await stage.close();
  }
}

test('Parley, by its own entries and protocol', async () => {
  const { path: workerBin } = await provisionWorker();
  const cpus = ANYWHERE;
  await forwards(await startParley({ workerBin, cpus, receivers: RECEIVERS, profile: undefined }));
});

test('a bare mediasoup script', async () => {
  const { path: workerBin } = await provisionWorker();
  await forwards(await startBare({ name: 'bare', description: '', workerBin, cpus: ANYWHERE }));
});

test('a further server, by WHIP and WHEP: with its token, and every resource is ended', async () => {
  await using server = await startWhipServer();
  const { peer } = planFor({ PEER_URL: server.url, PEER_TOKEN: 'a-token' });
  assert.ok(peer);
  await forwards(peerServer({ ...peer, machine }));
  assert.deepEqual(server.authorizations, Array(RECEIVERS + 1).fill('Bearer a-token'));
  assert.equal(server.ended.length, RECEIVERS + 1);
});

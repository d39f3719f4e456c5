// `npm run bench:media`: what a forwarded packet and a consumer cost the media side, beside other servers.
import { randomInt } from 'node:crypto';
import { cpus as cpusOf, loadavg } from 'node:os';
import { cleanup } from 'node-datachannel';
import { ensureClient } from '../../client/build.ts';
import { droppedDatagrams } from '../../client/load/dropped-datagrams.ts';
import { thisMachine } from '../../client/load/main.ts';
import type { Machine } from '../../client/load/this-machine.ts';
import { provisionWorker } from '../../native/provision.ts';
import type { Contender, ContenderName } from './contender.ts';
import { startBare } from './contenders/bare.ts';
import { startJanus } from './contenders/janus.ts';
import { startParley } from './contenders/parley.ts';
import { peerServer } from './contenders/peer-server.ts';
import { type Cpus, shareCpus } from './cpus.ts';
import { type Plan, readPlan } from './plan.ts';
import { costOf, type Measured, report, type Turn } from './report.ts';
import { Stage } from './stage.ts';

const WARM_UP_SECONDS = 2;

async function main(): Promise<void> {
  const machine = thisMachine();
  const plan = readPlan({ args: process.argv.slice(2), env: process.env, machine });
  await ensureClient({ log: console.log });
  const { path: workerBin } = await provisionWorker({ log: console.log });
  const cpus = await shareCpus();
  const run = randomInt(1, 0xffffffff);
  const stages: Stage[] = [];
  try {
    console.log(conditions(plan, cpus, workerBin));
    const measured = [];
    for (const name of plan.contenders) {
      const contender = await start(name, { plan, cpus, workerBin, machine });
      const stage = await Stage.open(contender, plan, run).catch(async (error) => {
        await contender.close();
        throw error;
      });
      stages.push(stage);
      measured.push({ stage, ...(await enter(stage)) });
    }
    const dropped = await droppedDatagrams();
    const rounds = await takeTurns(stages, plan);
    const results: Measured[] = [];
    for (const { stage, ...before } of measured) {
      const { name, description } = stage.contender;
      results.push({
        ...{ name, description, receivers: plan.receivers, rounds: rounds.get(stage) ?? [] },
        ...{ ...before, ...(await rest(stage)) },
      });
    }
    const lost = ((await droppedDatagrams()) ?? 0) - (dropped ?? 0);
    console.log(report(results));
    if (lost > 0)
      console.log(
        `  ${lost} datagrams were read too slowly by programs of this machine, all together.\n`,
      );
  } finally {
    for (const stage of stages.reverse()) await stage.close();
    cleanup();
  }
}

/** Without an audience first. */
async function enter(stage: Stage): Promise<Pick<Measured, 'empty' | 'unheard' | 'memory'>> {
  const { name } = stage.contender;
  await stage.turn(true, WARM_UP_SECONDS);
  const unheard = await stage.turn(true);
  const empty = await stage.turn(false);
  const before = await stage.memory();
  await stage.fill();
  await stage.turn(true, WARM_UP_SECONDS);
  console.log(`${name}: everybody receives`);
  return { empty, unheard, memory: { before, after: await stage.memory() } };
}

async function takeTurns(stages: readonly Stage[], plan: Plan): Promise<Map<Stage, Turn[]>> {
  const rounds = new Map(stages.map((stage) => [stage, [] as Turn[]]));
  // The first round warms all up.
  for (let round = 0; round <= plan.rounds; round++) {
    for (const stage of stages) {
      const turn = await stage.turn(true);
      if (round === 0) continue;
      rounds.get(stage)?.push(turn);
      const cost = costOf(turn);
      const text = cost === undefined ? `${turn.received} packets` : `${cost.toFixed(2)} µs`;
      console.log(`${round}/${plan.rounds} ${stage.contender.name}: ${text}`);
    }
  }
  return rounds;
}

/** With an audience that receives nothing. */
async function rest(stage: Stage): Promise<Pick<Measured, 'silent' | 'paused'>> {
  const silent = await stage.turn(false);
  if (!stage.pausable) return { silent, paused: undefined };
  await stage.pause(true);
  await stage.turn(true, WARM_UP_SECONDS);
  const paused = await stage.turn(true);
  await stage.pause(false);
  return { silent, paused };
}

interface Parts {
  machine: Machine;
  plan: Plan;
  cpus: Cpus;
  workerBin: string;
}

async function start(
  name: ContenderName,
  { plan, cpus, workerBin, machine }: Parts,
): Promise<Contender> {
  const { receivers, profile, nssWorker, peer } = plan;
  switch (name) {
    case 'parley':
      return startParley({ workerBin, cpus, receivers, profile });
    case 'bare':
      return startBare({
        ...{ name, workerBin, cpus },
        description: 'a script with a worker and a router, the same worker as in Parley',
      });
    case 'nss':
      return startBare({
        ...{ name, workerBin: nssWorker ?? '', cpus },
        description: "the same script, with the worker that has the distribution's libsrtp",
      });
    case 'janus':
      return startJanus(cpus);
    case 'peer':
      if (!peer) throw new Error('PEER_URL is not set');
      return peerServer({ ...peer, machine });
  }
}

function conditions(plan: Plan, cpus: Cpus, workerBin: string): string {
  const { receivers, packetsPerSecond, bytes, rounds, seconds, nssWorker } = plan;
  const [cpu] = cpusOf();
  return [
    `One publisher of ${packetsPerSecond} packets a second of ${bytes} bytes, ${receivers} receivers,`,
    `${rounds} rounds of ${seconds} s each after one to warm up, taking turns.`,
    `${cpus.description} (${cpusOf().length} × ${cpu?.model}); worker ${workerBin}`,
    `Load of the machine before: ${loadavg()[0]?.toFixed(1)}`,
    ...(nssWorker === undefined
      ? ["Without --nss-worker there is no worker with the distribution's libsrtp to compare with."]
      : []),
  ].join('\n');
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error && error.cause === undefined ? error.message : error);
  process.exitCode = 1;
}
process.exit();

// `npm run bench:recovery`: how long pictures stand still when a part of the cluster is lost.
import { parseArgs } from 'node:util';
import { ensureClient } from '../client/build.ts';
import { type Replica, TestCluster } from '../test/support/cluster/local-cluster.ts';
import { until } from '../test/support/process/until.ts';
import { FrameWatch } from '../test/support/sdk/frame-watch.ts';
import { Person } from '../test/support/sdk/participant.ts';
import { drains } from './drained-web.ts';
import { crowds } from './lost-node.ts';
import { BenchOwner } from './owner.ts';
import { cpuMsOf } from './process-cpu.ts';
import { spread } from './statistics.ts';
import { wholeNumber } from './whole-number.ts';

const NAMES = ['Ada', 'Ben', 'Cleo'];
const ROOM = 'bench';
/** Two workers, as a machine with two CPUs has them. */
const ENV = { LOG_LEVEL: 'warn', WORKERS: '2' };
const WITHIN = { withinMs: 60_000 };
/** A gap this short is not seen: about three frames of these pictures, which have 15 a second. */
const UNSEEN_MS = 200;

interface Loss {
  name: string;
  /** Longest gap in received pictures, median, that is aimed at. Milliseconds. */
  goalMs: number;
  /** Loses it, and puts back what is needed for the next time. */
  lose(cluster: TestCluster): Promise<void>;
}

const LOSSES: readonly Loss[] = [
  {
    name: 'worker SIGKILL',
    goalMs: 1_000,
    async lose(cluster) {
      // The worker that carries the room has used most CPU time.
      const workers = await cluster.workersOf(await cluster.holder());
      const used = await Promise.all(workers.map(cpuMsOf));
      const busiest = workers[used.indexOf(Math.max(...used))];
      if (busiest !== undefined) process.kill(busiest, 'SIGKILL');
    },
  },
  {
    name: 'sfu-rtc SIGKILL',
    goalMs: 4_000,
    async lose(cluster) {
      await end(await cluster.holder(), 'SIGKILL');
      await cluster.addSfu();
    },
  },
  {
    name: 'sfu-rtc drain',
    goalMs: UNSEEN_MS,
    async lose(cluster) {
      await end(await cluster.holder(), 'SIGTERM');
      await cluster.addSfu();
    },
  },
  {
    name: 'web SIGKILL',
    goalMs: UNSEEN_MS,
    async lose(cluster) {
      const [web] = cluster.webs;
      if (web) await end(web, 'SIGKILL');
      await cluster.addWeb();
    },
  },
  {
    name: 'Redis restart (empty)',
    goalMs: UNSEEN_MS,
    async lose(cluster) {
      const [redis] = cluster.cluster.of('redis');
      redis?.child.signal('SIGKILL');
      await redis?.child.exited();
      await cluster.cluster.startRedis();
    },
  },
];

interface Outcome {
  gapsMs: number[];
  /** Participants who would have had to click. */
  clicks: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      trials: { type: 'string', default: '20' },
      /** Losses whose name contains this. */
      only: { type: 'string', default: '' },
    },
  });
  const trials = wholeNumber('trials', values.trials);
  await ensureClient({ log: console.log });
  const outcomes = new Map<Loss, Outcome>();
  for (const loss of LOSSES.filter(({ name }) => name.includes(values.only))) {
    // A cluster of its own for each loss, so that one does not affect the next.
    outcomes.set(loss, await measure(loss, trials));
  }
  if (outcomes.size > 0) console.log(report(outcomes, trials));
  console.log(await crowds(values.only));
  console.log(await drains(values.only));
}

async function measure(loss: Loss, trials: number): Promise<Outcome> {
  const owner = new BenchOwner();
  const outcome: Outcome = { gapsMs: [], clicks: 0 };
  try {
    const cluster = await TestCluster.start(owner, { web: 2, sfu: 2, env: ENV });
    const people: Person[] = [];
    for (const name of NAMES) people.push(await Person.join(owner, cluster.url, ROOM, name));
    await everybodySeesEverybody(people);
    const watches: FrameWatch[] = [];
    for (const [index, person] of people.entries()) {
      const watched = people[(index + 1) % people.length];
      if (watched) watches.push(await FrameWatch.start(person, watched));
    }
    for (let trial = 1; trial <= trials; trial++) {
      for (const watch of watches) watch.restart();
      await loss.lose(cluster);
      await everybodySeesEverybody(people);
      const gap = Math.max(...watches.map((watch) => watch.longestGapMs()));
      outcome.gapsMs.push(gap);
      outcome.clicks += people.filter(({ call }) => call.connection.state === 'ended').length;
      console.log(`${loss.name} ${trial}/${trials}: ${gap.toFixed(0)} ms`);
    }
    for (const watch of watches) watch[Symbol.dispose]();
  } finally {
    await owner.close();
  }
  return outcome;
}

async function end(replica: Replica, signal: NodeJS.Signals): Promise<void> {
  replica.child.signal(signal);
  await replica.child.exited();
}

/** Waits until all participants are connected, and receive new frames from all others. */
async function everybodySeesEverybody(people: readonly Person[]): Promise<void> {
  for (const one of people) {
    await Promise.all(
      people.flatMap((other) => (other === one ? [] : [one.sees(other, WITHIN.withinMs)])),
    );
  }
  await until(
    'everybody to be connected',
    () => {
      for (const { name, call } of people) {
        if (call.connection.state === 'ended') continue;
        const { participants } = call.room;
        const whole =
          call.connection.state === 'connected' &&
          participants.length === people.length &&
          participants.every(({ online }) => online);
        if (!whole) throw new Error(`${name}: ${call.connection.state}, ${participants.length}`);
      }
    },
    WITHIN,
  );
}

function report(outcomes: ReadonlyMap<Loss, Outcome>, trials: number): string {
  const rows = [...outcomes].map(([{ name, goalMs }, { gapsMs, clicks }]) => {
    const { median, max } = spread(gapsMs);
    const met = median <= goalMs && (goalMs > UNSEEN_MS || max <= UNSEEN_MS);
    const cells = [
      name.padEnd(24),
      `${median.toFixed(0)} ms`.padStart(10),
      `${max.toFixed(0)} ms`.padStart(10),
      `${goalMs} ms`.padStart(10),
      String(clicks).padStart(8),
      met ? '  met' : '  MISSED',
    ];
    return `  ${cells.join('')}`;
  });
  return [
    '',
    `Longest gap in received pictures, ${trials} trials each, ${NAMES.length} people, 2 web, 2 sfu-rtc`,
    '',
    `  ${'what is lost'.padEnd(24)}${'median'.padStart(10)}${'worst'.padStart(10)}${'goal'.padStart(10)}${'clicks'.padStart(8)}`,
    ...rows,
    '',
    `  A goal of ${UNSEEN_MS} ms is one for the worst trial as well: no gap that could be seen.`,
    '',
  ].join('\n');
}

await main();
process.exit(0);

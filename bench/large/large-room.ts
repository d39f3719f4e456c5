// `npm run bench:large`: a room of hundreds over two nodes and two `web`, with two real browsers among them, for ten
// minutes; then a node is drained, a `web` is killed, and it has to go on.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureClient } from '../../client/build.ts';
import { loadConfig } from '../../server/config/config.ts';
import { Chromium } from '../../test/support/browser/chromium.ts';
import { type Replica, TestCluster } from '../../test/support/cluster/local-cluster.ts';
import { BenchOwner } from '../owner.ts';
import { cpuMsOf } from '../process-cpu.ts';
import { Crowd, type CrowdOptions } from './crowd.ts';
import { Observer } from './observer.ts';
import { type Phase, phaseTable } from './report.ts';

const ROOM = 'hall';
/** The participant who arrives first: it has a camera, and is on the first page. */
const WATCHED = 'presenter 1';
/** One of so many listeners counts what it receives: counting for all would take a core of its own. */
const COUNTED_OF = 20;
/** Participants who arrive in a second. */
const ARRIVALS = 3;
const TURN_EVERY_MS = 5_000;
/** So long is watched after each loss. */
const AFTER_LOSS_MS = 45_000;
const WINDOW = { viewport: { width: 800, height: 600 } };
/** So small that the cameras do not fit on one page. */
const SMALL_WINDOW = { viewport: { width: 640, height: 480 } };
/** The light participants stay until everything has been watched. */
const SPARE_MS = 120_000;
const MINUTE_MS = 60_000;
/** Screenshots and consoles of a run that failed. */
const EVIDENCE = 'bench-results/large';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      audience: { type: 'string', default: '300' },
      cameras: { type: 'string', default: '20' },
      speakers: { type: 'string', default: '3' },
      minutes: { type: 'string', default: '10' },
    },
  });
  const [cameras, speakers] = [Number(values.cameras), Number(values.speakers)];
  const audience = Number(values.audience);
  const steadyMs = Number(values.minutes) * MINUTE_MS;
  const config = loadConfig({});
  const owner = new BenchOwner();
  const observers: Observer[] = [];
  await ensureClient({ log: console.log });
  try {
    const cluster = await TestCluster.start(owner, {
      ...{ web: 2, sfu: 2 },
      env: {
        LOG_LEVEL: 'warn',
        MAX_PARTICIPANTS_PER_ROOM: '1000',
        // As it is deployed: a cluster for development does not wait as long.
        DRAIN_GRACE_SECONDS: String(config.cluster.drainGraceSeconds),
      },
    });
    await cluster.reachEachOther();
    const chromium = await Chromium.launch({ frameRate: 15 });
    owner.after(() => chromium[Symbol.asyncDispose]());
    const stay = (steadyMs + 2 * AFTER_LOSS_MS + SPARE_MS) / 1000;
    const arrive = (
      crowd: Pick<
        CrowdOptions,
        'called' | 'publishers' | 'cameras' | 'speakers' | 'counted' | 'isIdle'
      >,
    ) => {
      const ramp = crowd.publishers / ARRIVALS;
      const arriving = Crowd.start({
        ...{ url: cluster.url, room: ROOM, ...crowd },
        seconds: { ramp, stay },
      });
      owner.after(() => arriving.stop());
      console.log(`${crowd.publishers} ${crowd.called}s arrive in ${ramp} s`);
      return { crowd: arriving, arrived: sleep(ramp * 1000) };
    };
    // A process of their own: their pictures are not to wait for what hundreds of others receive.
    const presenters = arrive({
      called: 'presenter',
      ...{
        publishers: cameras,
        cameras,
        speakers: 0,
        counted: Math.ceil(cameras / COUNTED_OF),
        isIdle: false,
      },
    });
    await presenters.arrived;
    // Whom everybody looks at moves: at that time all of them are on one node.
    const drained = await cluster.holder();
    const listeners = arrive({
      called: 'listener',
      ...{ publishers: audience, cameras: 0, speakers, counted: Math.ceil(audience / COUNTED_OF) },
      isIdle: true,
    });
    const ann = new Observer('Ann', await chromium.newPage(WINDOW));
    const ben = new Observer('Ben', await chromium.newPage(SMALL_WINDOW));
    observers.push(ann, ben);
    for (const { participant } of observers) {
      await participant.open(`${cluster.url}r/${ROOM}`);
      // They hear and see. What they would send is encoded by the processors that are measured.
      await participant.toggle('Camera', false);
      await participant.toggle('Microphone', false);
      await participant.clickJoin();
    }
    await ann.participant.sees(WATCHED);
    await ann.pin(WATCHED);
    await listeners.arrived;

    const phases: Phase[] = [];
    const watch = async (name: string, ms: number) => {
      const replicas = [...cluster.webs, ...cluster.sfus];
      const before = await cpuOf(cluster, replicas);
      await ann.watch(WATCHED);
      const turnsMs = await turnPages(ben, ms);
      const after = await cpuOf(cluster, replicas);
      // What has ended meanwhile counts as nothing.
      const used = [...after].map(([pid, cpuMs]) => cpuMs - (before.get(pid) ?? 0));
      const cpuPercent = (used.reduce((sum, cpuMs) => sum + cpuMs, 0) / ms) * 100;
      const phase = { name, ...(await ann.gaps()), turnsMs, cpuPercent };
      phases.push(phase);
      console.log(phaseTable([phase]));
    };
    await watch('all is well', steadyMs);
    drained.child.signal('SIGTERM');
    await watch('one sfu-rtc drained', AFTER_LOSS_MS);
    cluster.webs[0]?.child.signal('SIGKILL');
    await watch('one web killed', AFTER_LOSS_MS);
    console.log(`\n${phaseTable(phases)}`);
    const tables = await Promise.all([presenters, listeners].map(({ crowd }) => crowd.end()));
    console.log(`\nPresenters:\n${tables[0]}\nListeners:\n${tables[1]}`);
  } catch (error) {
    await Promise.all(observers.map((observer) => observer.keepEvidence(EVIDENCE)));
    throw error;
  } finally {
    await owner.close();
  }
}

/** @returns milliseconds until the first picture moved, for each page that was turned to */
async function turnPages(observer: Observer, ms: number): Promise<number[]> {
  const end = performance.now() + ms;
  const turns: number[] = [];
  while (performance.now() + TURN_EVERY_MS < end) {
    await sleep(TURN_EVERY_MS);
    const turn = await observer.turnPage();
    if (turn !== undefined) turns.push(turn);
    for (const line of observer.slow) console.log(`slow turn: ${line}`);
  }
  await sleep(Math.max(0, end - performance.now()));
  return turns;
}

/** Milliseconds of CPU that these replicas and their workers have used, by pid. */
async function cpuOf(
  cluster: TestCluster,
  replicas: readonly Replica[],
): Promise<Map<number, number>> {
  const used = new Map<number, number>();
  for (const replica of replicas) {
    const workers =
      replica.role === 'sfu-rtc' ? await cluster.workersOf(replica).catch(() => []) : [];
    for (const pid of [replica.child.pid ?? 0, ...workers]) {
      const cpuMs = await cpuMsOf(pid).catch(() => undefined);
      if (cpuMs !== undefined) used.set(pid, cpuMs);
    }
  }
  return used;
}

await main();

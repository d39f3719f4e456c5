// `npm run bench:idle`: what thousands of sessions cost one `web` that are in a call and do nothing there.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ensureClient } from '../client/build.ts';
import { createRedisCluster } from '../server/cluster/redis/redis.ts';
import { loadConfig } from '../server/config/config.ts';
import { sessionLeaseMs } from '../server/signaling/session/lease.ts';
import { createLogger } from '../server/telemetry/log.ts';
import { SIGNALING_PATH } from '../shared/protocol/protocol.ts';
import { TestCluster } from '../test/support/cluster/local-cluster.ts';
import { ownedBy } from '../test/support/server/owned.ts';
import { IdleCrowd } from './idle/crowd.ts';
import { standInNode } from './idle/stand-in-node.ts';
import { storeOperations } from './idle/store-operations.ts';
import {
  INSPECTOR_URL,
  type Memory,
  type Usage,
  WATCHED,
  WatchedProcess,
} from './idle/watched-process.ts';
import { BenchOwner } from './owner.ts';

/** As the SDK pings. */
const PING_PERIOD_MS = 5_000;
/** After the last join: what joins left behind is over. */
const SETTLE_MS = 10_000;
const GOAL = { cpuPercent: 20, bytes: 30_000 };

interface Measured {
  sessions: number;
  seconds: number;
  cpuPercent: number;
  wakeUps: number;
  storeOperations: number;
  pings: number;
  pinged: number;
  lost: number;
  memory: Memory;
}

interface Plan {
  sessions: number;
  perRoom: number;
  seconds: number;
  pingPeriodMs: number;
  /** A folder for a CPU profile of the measured time and a heap snapshot after it. */
  profile: string | undefined;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sessions: { type: 'string', default: '10000' },
      'per-room': { type: 'string', default: '10' },
      /** Twice the time between two renewals of the leases, unless another is said. */
      seconds: { type: 'string', default: '30' },
      'ping-ms': { type: 'string', default: String(PING_PERIOD_MS) },
      profile: { type: 'string' },
    },
  });
  await ensureClient({ log: console.log });
  const plan = {
    sessions: Number(values.sessions),
    perRoom: Number(values['per-room']),
    seconds: Number(values.seconds),
    pingPeriodMs: Number(values['ping-ms']),
    profile: values.profile,
  };
  const owner = new BenchOwner();
  try {
    console.log(report(plan, await run(owner, plan)));
  } finally {
    await owner.close();
  }
}

/** @returns the empty `web`, and the same with the crowd */
async function run(owner: BenchOwner, plan: Plan): Promise<[Measured, Measured]> {
  const many = String(2 * plan.sessions);
  const env = {
    LOG_LEVEL: 'warn',
    MAX_SOCKETS: many,
    MAX_SOCKETS_PER_ADDRESS: many,
    MAX_ROOMS_PER_ADDRESS: many,
    ARRIVAL_BURST_PER_ADDRESS: String(10 * plan.sessions),
  };
  const local = await TestCluster.start(owner, { web: 0, sfu: 0, env });
  const { redisUrl } = local.cluster;
  await standInNode(await connectedTo(owner, redisUrl), 2 * plan.sessions);
  const web = await local.addWeb(WATCHED);
  const [, inspectorUrl = ''] = await web.child.line(INSPECTOR_URL);
  const watched = await WatchedProcess.connect(web.child.pid, inspectorUrl);
  owner.after(() => watched.close());
  const meter = new Meter(watched, redisUrl, plan);
  await sleep(SETTLE_MS);
  const empty = await meter.measure(undefined);
  const url = new URL(SIGNALING_PATH, local.urlOf(web).replace('http', 'ws')).href;
  const startedAt = performance.now();
  const crowd = await IdleCrowd.join({ url, ...plan }, (joined) => {
    if (joined % 1_000 === 0) console.log(`${joined} of ${plan.sessions} have joined`);
  });
  owner.after(() => crowd.close());
  console.log(`all have joined after ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  await sleep(SETTLE_MS);
  return [empty, await meter.measure(crowd)];
}

async function connectedTo(owner: BenchOwner, url: string) {
  const config = loadConfig({ REDIS_URL: url });
  const log = createLogger('warn');
  const cluster = await createRedisCluster({
    url,
    keyPrefix: config.store.keyPrefix,
    tlsCaFile: undefined,
    chatHistory: config.limits.chatHistory,
    patchHistory: config.limits.patchHistory,
    sessionLeaseMs: sessionLeaseMs(config),
    nodeLeaseMs: config.store.nodeLeaseMs,
    timeoutMs: config.store.timeoutMs,
    log,
    onListenerError: (err) => log.error({ err }, 'a cluster listener failed'),
  });
  ownedBy(owner).defer(() => cluster.close());
  return cluster;
}

class Meter {
  readonly #web: WatchedProcess;
  readonly #redisUrl: string;
  readonly #plan: Plan;

  constructor(web: WatchedProcess, redisUrl: string, plan: Plan) {
    this.#web = web;
    this.#redisUrl = redisUrl;
    this.#plan = plan;
  }

  async measure(crowd: IdleCrowd | undefined): Promise<Measured> {
    const { seconds, profile, sessions } = this.#plan;
    const isProfiled = crowd !== undefined && profile !== undefined;
    await this.#web.memory();
    if (isProfiled) {
      await this.#web.call('Profiler.enable');
      await this.#web.call('Profiler.setSamplingInterval', { interval: 500 });
      await this.#web.call('Profiler.start');
    }
    crowd?.restart();
    const [operations, before] = await Promise.all([this.#operations(), this.#web.usage()]);
    console.log(`measuring ${crowd ? sessions : 'no'} sessions for ${seconds} s`);
    await sleep(seconds * 1_000);
    const [operationsAfter, after] = await Promise.all([this.#operations(), this.#web.usage()]);
    const counts = { pings: crowd?.pings ?? 0, pinged: crowd?.pinged ?? 0, lost: crowd?.lost ?? 0 };
    const cpuProfile = isProfiled ? await this.#web.call('Profiler.stop') : undefined;
    const memory = await this.#web.memory();
    if (isProfiled) await this.#write(profile, cpuProfile.profile);
    return {
      ...counts,
      ...rates(before, after),
      sessions: crowd ? sessions : 0,
      storeOperations: operationsAfter - operations,
      memory,
    };
  }

  #operations(): Promise<number> {
    return storeOperations(this.#redisUrl);
  }

  /** The CPU profile, and a heap snapshot, which takes several times the memory that it is of. */
  async #write(folder: string, cpuProfile: unknown): Promise<void> {
    await writeFile(path.join(folder, 'idle.cpuprofile'), JSON.stringify(cpuProfile));
    const chunks: string[] = [];
    await this.#web.call('HeapProfiler.takeHeapSnapshot', {}, ({ chunk }) => {
      if (chunk !== undefined) chunks.push(chunk);
    });
    await writeFile(path.join(folder, 'idle.heapsnapshot'), chunks.join(''));
  }
}

function rates(before: Usage, after: Usage) {
  const seconds = (after.atMs - before.atMs) / 1_000;
  return {
    seconds,
    cpuPercent: (after.cpuMs - before.cpuMs) / seconds / 10,
    wakeUps: (after.wakeUps - before.wakeUps) / seconds,
  };
}

function report(plan: Plan, [empty, full]: [Measured, Measured]): string {
  const { sessions, seconds } = full;
  const each = (of: (measured: Measured) => number) => (of(full) - of(empty)) / sessions;
  const perSecond = (count: number) => (count / sessions / seconds).toFixed(4);
  const heap = each(({ memory }) => memory.heapBytes);
  const rss = each(({ memory }) => memory.rssBytes);
  const operations = full.storeOperations / seconds - empty.storeOperations / empty.seconds;
  const verdict = (value: number, goal: number) => (value < goal ? 'met' : 'MISSED');
  const line = (label: string, value: string) => `  ${label.padEnd(52)}${value}`;
  const kB = (bytes: number) => `${(bytes / 1_000).toFixed(1)} kB`;
  return [
    '',
    `${sessions} sessions in rooms of ${plan.perRoom} that do nothing, on one web, for ${seconds.toFixed(0)} s`,
    line(
      'CPU of web',
      `${full.cpuPercent.toFixed(1)} % of a core (goal ${GOAL.cpuPercent} %: ${verdict(full.cpuPercent, GOAL.cpuPercent)}; ${empty.cpuPercent.toFixed(1)} % when empty)`,
    ),
    line('heap for each session', kB(heap)),
    line(
      'memory outside the heap for each session',
      kB(each(({ memory }) => memory.externalBytes)),
    ),
    line(
      'memory of the process (RSS) for each session',
      `${kB(rss)} (goal ${kB(GOAL.bytes)}: ${verdict(rss, GOAL.bytes)})`,
    ),
    line(
      'store operations for each session and second',
      `${(operations / sessions).toFixed(4)} (${operations.toFixed(0)} a second in all)`,
    ),
    line('pings of each client per second', perSecond(full.pings)),
    line('pings of the server to each client per second', perSecond(full.pinged)),
    line(
      'wake-ups of web per second',
      `${full.wakeUps.toFixed(0)} (${empty.wakeUps.toFixed(0)} when empty)`,
    ),
    line('sockets lost', String(full.lost)),
    '',
  ].join('\n');
}

await main();
process.exit(0);

// Thousands of people come and go over the cluster: memory and Redis are where they were.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { SIGNALING_PATH } from '../../shared/protocol/protocol.ts';
import { type Replica, TestCluster } from '../support/cluster/local-cluster.ts';
import { inTurns } from '../support/process/in-turns.ts';
import { until } from '../support/process/until.ts';
import { RawClient } from '../support/server/client.ts';
import { publication } from '../support/server/rtp.ts';

/** Until everything that is made once has been made: code compiled, pools grown. */
const WARM_UP = 500;
const JOINS = 2_000;
/** At once, in rooms of this many people. */
const AT_ONCE = 24;
const ROOM_SIZE = 4;
/** A heap this small is collected often: what is left of it is in use. */
const HEAP_LIMIT_MIB = 96;
/** Garbage that no collector had to collect yet. */
const HEAP_SLACK_BYTES = 32 * 1024 * 1024;
/** Pages that an allocator keeps for the next time. */
const WORKER_SLACK_BYTES = 32 * 1024 * 1024;

/** Two minutes on two CPUs that do nothing else. */
const TIMEOUT_MS = 480_000;

test('2,000 joins and leaves leave memory and Redis where they were', {
  timeout: TIMEOUT_MS,
}, async (t) => {
  const cluster = await TestCluster.start(t, {
    web: 2,
    sfu: 2,
    // Rooms on both replicas, so that pipes come and go as well.
    env: {
      SPILL_SESSIONS_PER_WORKER: '6',
      // Nobody who vanishes here comes back, and their places are waited for twice.
      GRACE_PERIOD_MS: '3000',
      LOG_LEVEL: 'warn',
      NODE_OPTIONS: `--max-old-space-size=${HEAP_LIMIT_MIB}`,
    },
  });
  const url = new URL(SIGNALING_PATH, cluster.url.replace('http', 'ws')).href;
  const comeAndGo = async (index: number) => {
    const client = await RawClient.open(t, url);
    const { media } = await client.join(`room-${Math.floor(index / ROOM_SIZE) % 50}`);
    await client.request('publish', publication(media.epoch));
    // Some leave with a word, some just vanish.
    if (index % 8 === 0) await client.drop();
    else {
      await client.request('leave', {});
      await client.drop();
    }
  };
  const joins = (count: number) => inTurns(count, AT_ONCE, comeAndGo);
  const nobodyIsLeft = () =>
    until(
      'nobody to be left',
      async () => {
        for (const replica of [...cluster.webs, ...cluster.sfus]) {
          const { session, peer, producer, transport, pipe, piped, router, subscription } =
            await cluster.resources(replica);
          assert.deepEqual(
            { session, peer, producer, transport, pipe, piped, router, subscription },
            {
              session: 0,
              peer: 0,
              producer: 0,
              transport: 0,
              pipe: 0,
              piped: 0,
              router: 0,
              subscription: 0,
            },
          );
        }
      },
      { withinMs: 60_000, everyMs: 500 },
    );

  await joins(WARM_UP);
  await nobodyIsLeft();
  // The first point of the dashboard's curves comes after a while, whether anybody is there or not.
  await until('the curves to have begun', async () => {
    assert.ok((await cluster.keys()).includes('parley:{turn}:samples'));
  });
  const before = await memoryOf(cluster);
  const keysBefore = await keysOf(cluster);
  const startedAt = performance.now();
  await joins(JOINS);
  t.diagnostic(`${Math.round(JOINS / ((performance.now() - startedAt) / 1_000))} joins per second`);
  await nobodyIsLeft();
  await until('Redis to hold what it held', async () => {
    assert.deepEqual(await keysOf(cluster), keysBefore);
  });
  await until(
    'the notes of where to sweep to be gone',
    async () => assert.deepEqual(await cluster.keys(), keysBefore),
    { withinMs: 60_000, everyMs: 500 },
  );
  // What is garbage still goes by itself, at some time.
  await until(
    'memory to be where it was',
    async () => {
      for (const [name, { bytes, slack }] of await memoryOf(cluster)) {
        const grown = bytes - (before.get(name)?.bytes ?? 0);
        t.diagnostic(`${name}: ${mebibytes(bytes)} MiB, ${mebibytes(grown)} more than before`);
        assert.ok(grown < slack, `${name} has grown by ${mebibytes(grown)} MiB`);
      }
    },
    { withinMs: 30_000, everyMs: 1_000 },
  );
});

/** Without the notes of where to sweep, which go some time after what they point to. */
async function keysOf(cluster: TestCluster): Promise<string[]> {
  return (await cluster.keys()).filter((key) => !key.startsWith('parley:sweep:'));
}

/** The heap in use of each replica, and the resident memory of each media worker. */
async function memoryOf(
  cluster: TestCluster,
): Promise<Map<string, { bytes: number; slack: number }>> {
  const replicas: Replica[] = [...cluster.webs, ...cluster.sfus];
  const heaps = replicas.map(async ({ child, metricsUrl }) => {
    const text = await (await fetch(metricsUrl)).text();
    const bytes = Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(text)?.[1]);
    return [`heap of ${child.name}`, { bytes, slack: HEAP_SLACK_BYTES }] as const;
  });
  const workers = cluster.sfus.map(async (sfu) => {
    const [pid] = await cluster.workersOf(sfu);
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const bytes = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
    return [`worker of ${sfu.child.name}`, { bytes, slack: WORKER_SLACK_BYTES }] as const;
  });
  return new Map(await Promise.all([...heaps, ...workers]));
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

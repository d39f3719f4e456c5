// Who is moved off a node that is lost or drains, how many at once, and in which order.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { Cluster, NodeInfo } from '../../../../server/cluster/cluster.ts';
import { MoveQueue } from '../../../../server/signaling/media/move-queue.ts';
import { NodeWatch, type WatchedSession } from '../../../../server/signaling/media/node-watch.ts';
import { createLogger } from '../../../../server/telemetry/log.ts';
import type { Metrics } from '../../../../server/telemetry/metrics.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { nodeInfo } from '../../../support/cluster/node-info.ts';

const WATCH_MS = 250;
const LOST_MS = 1_000;
const DRAIN_GRACE_MS = 120_000;

/** Promises settle in as many turns as these moves take. */
async function turns(): Promise<void> {
  for (let n = 0; n < 50; n++) await new Promise((resolve) => setImmediate(resolve));
}

class Sessions {
  nodes: NodeInfo[] = [nodeInfo('left')];
  readonly all: WatchedSession[] = [];
  readonly moved: string[] = [];
  underWay = 0;
  mostUnderWay = 0;

  add(name: string, { attached = true, moves = true } = {}): void {
    let nodeId = 'lost';
    this.all.push({
      room: name,
      attached,
      media: {
        sessions: {
          get current() {
            return { nodeId };
          },
        },
        move: async () => {
          this.underWay += 1;
          this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
          await Promise.resolve();
          this.underWay -= 1;
          this.moved.push(name);
          if (moves) nodeId = 'left';
          return moves;
        },
      },
    });
  }

  watch(): NodeWatch {
    const rooms = { placement: async () => undefined };
    const nodes = { list: async () => this.nodes };
    return new NodeWatch({
      cluster: { connected: true, rooms, nodes } as unknown as Cluster,
      sessions: {
        keys: ['lost', 'left'],
        of: (nodeId) => this.all.filter(({ media }) => media.sessions.current?.nodeId === nodeId),
      },
      watchMs: WATCH_MS,
      lostMs: LOST_MS,
      drainGraceMs: DRAIN_GRACE_MS,
      resources: new Resources(),
      metrics: {} as Metrics,
      log: createLogger('silent'),
    });
  }
}

let sessions: Sessions;
let watch: NodeWatch;

beforeEach(() => {
  let now = 0;
  mock.timers.enable({ apis: ['setInterval'] });
  mock.method(performance, 'now', () => now);
  look = async (times = 1) => {
    for (let n = 0; n < times; n++) {
      now += WATCH_MS;
      mock.timers.tick(WATCH_MS);
      await turns();
    }
  };
  sessions = new Sessions();
  watch = sessions.watch();
});
afterEach(() => {
  watch.close();
  mock.timers.reset();
  mock.restoreAll();
});

let look: (times?: number) => Promise<void>;

test('a killed node with 1,000 sessions empties after one look, not ten at a time', async () => {
  for (let n = 0; n < 1_000; n++) sessions.add(`room-${n}`);
  await look(1 + LOST_MS / WATCH_MS - 1);
  assert.equal(sessions.moved.length, 0, 'it may be on its way back');
  await look();
  assert.equal(sessions.moved.length, 1_000);
  assert.ok(sessions.mostUnderWay <= 40, `${sessions.mostUnderWay} at once`);
});

test('those who wait come before those whose socket is away', async () => {
  sessions.add('away', { attached: false });
  sessions.add('here');
  await look(1 + LOST_MS / WATCH_MS);
  assert.deepEqual(sessions.moved, ['here', 'away']);
});

test('a draining node is left evenly, ten a second; who is away stays', async () => {
  sessions.nodes = [nodeInfo('left'), nodeInfo('lost', { draining: true })];
  sessions.add('away', { attached: false });
  for (let n = 0; n < 25; n++) sessions.add(`room-${n}`);
  const atEachLook: number[] = [];
  for (let n = 0; n < 10; n++) {
    const before = sessions.moved.length;
    await look();
    atEachLook.push(sessions.moved.length - before);
  }
  assert.deepEqual(atEachLook, [3, 2, 3, 2, 3, 2, 3, 2, 3, 2]);
  assert.ok(!sessions.moved.includes('away'));
});

test('of many sessions on a draining node each replica moves its share', async () => {
  sessions.nodes = [nodeInfo('left'), nodeInfo('lost', { draining: true, sessions: 160 })];
  for (let n = 0; n < 80; n++) sessions.add(`room-${n}`);
  await look(4);
  assert.equal(sessions.moved.length, 5);
  await look(60);
  assert.equal(sessions.moved.length, 80);
});

test('a draining node with 1,000 sessions is left within half a minute, ten at a look', async () => {
  sessions.nodes = [nodeInfo('left'), nodeInfo('lost', { draining: true })];
  for (let n = 0; n < 1_000; n++) sessions.add(`room-${n}`);
  await look();
  assert.equal(sessions.moved.length, 10);
  await look(99);
  assert.equal(sessions.moved.length, 1_000);
});

test('ten that have nowhere to go do not hold up the eleventh', async () => {
  sessions.nodes = [nodeInfo('left'), nodeInfo('lost', { draining: true })];
  for (let n = 0; n < 10; n++) sessions.add(`stuck-${n}`, { moves: false });
  sessions.add('free');
  await look(5);
  assert.ok(sessions.moved.includes('free'));
});

test('a move that failed is tried again a second later, and what no longer waits is forgotten', async () => {
  let now = 0;
  const moved: string[] = [];
  const queue = new MoveQueue<{ name: string }>({
    atOnce: 1,
    retryMs: 1_000,
    now: () => now,
    move: async ({ name }) => {
      moved.push(name);
      return name !== 'stuck';
    },
  });
  const [stuck, one, two] = [{ name: 'stuck' }, { name: 'one' }, { name: 'two' }];
  queue.offer([stuck, one, two]);
  queue.offer([stuck, two]);
  await turns();
  assert.deepEqual(moved, ['stuck', 'two']);
  now = 999;
  queue.offer([stuck]);
  await turns();
  assert.deepEqual(moved, ['stuck', 'two']);
  now = 1_000;
  queue.offer([stuck]);
  await turns();
  assert.deepEqual(moved, ['stuck', 'two', 'stuck']);
});

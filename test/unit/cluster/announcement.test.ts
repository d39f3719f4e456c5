// A node's lease by its own clock: when it lapses, and that it is told once when it holds again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeInfo } from '../../../server/cluster/cluster.ts';
import { Announcement } from '../../../server/cluster/redis/announcement.ts';
import { until } from '../../support/process/until.ts';

const LEASE_MS = 500;
/** So long that no stall of the machine outlasts it. */
const STEADY_LEASE_MS = 3_000;
const SOON = { everyMs: 2 };

/** Heartbeats that are answered by hand, or at once. */
class Scene {
  readonly waiting: PromiseWithResolvers<string>[] = [];
  readonly told: boolean[] = [];
  missed = 0;
  answering = 'one term';
  readonly announcement: Announcement;
  said: number | undefined;

  private constructor(leaseMs: number) {
    this.announcement = new Announcement({
      info: { id: 'node-1', sessions: 0 } as NodeInfo,
      leaseMs,
      beat: (info) => {
        this.said = JSON.parse(info).sessions;
        if (this.answering !== 'by hand') return Promise.resolve(this.answering);
        const answer = Promise.withResolvers<string>();
        this.waiting.push(answer);
        return answer.promise;
      },
      remove: async () => {},
      onRegained: () => this.told.push(this.announcement.held),
      onMissedBeat: () => {
        this.missed += 1;
      },
      onClosed: () => {},
    });
  }

  static async start(leaseMs = LEASE_MS): Promise<Scene> {
    const scene = new Scene(leaseMs);
    await scene.announcement.start();
    return scene;
  }

  async lapse(): Promise<void> {
    this.answering = 'by hand';
    await until('it to lapse', () => assert.equal(this.announcement.held, false), SOON);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.answering = 'one term';
    for (const { resolve } of this.waiting) resolve('one term');
    await this.announcement.close();
  }
}

test('it holds while heartbeats are answered', async () => {
  await using scene = await Scene.start(STEADY_LEASE_MS);
  const startedAt = performance.now();
  await until(
    'more than a lease to pass',
    () => {
      assert.equal(scene.announcement.held, true);
      assert.ok(performance.now() - startedAt > 1.4 * STEADY_LEASE_MS);
    },
    SOON,
  );
  assert.deepEqual(scene.told, []);
});

test('an answer that is later than the lease does not give it back; the next one does', async () => {
  await using scene = await Scene.start();
  await scene.lapse();
  const [late] = scene.waiting.splice(0);
  scene.answering = 'one term';
  late?.resolve('one term');
  await until('it to hold again', () => assert.equal(scene.announcement.held, true), SOON);
  assert.deepEqual(scene.told, [true]);
});

test('what the store gave up is told as well, although we noticed nothing', async () => {
  await using scene = await Scene.start();
  scene.answering = 'another term';
  await scene.announcement.update({ id: 'node-1', sessions: 1 } as NodeInfo);
  await scene.announcement.update({ id: 'node-1', sessions: 2 } as NodeInfo);
  assert.deepEqual(scene.told, [true]);
});

test('a heartbeat that fails is missed, and said again', async () => {
  await using scene = await Scene.start();
  await scene.lapse();
  scene.answering = 'one term';
  for (const { reject } of scene.waiting.splice(0)) reject(new Error('away'));
  await until('it to hold again', () => assert.equal(scene.announcement.held, true), SOON);
  assert.deepEqual([scene.told, scene.missed], [[true], 1]);
});

test('what is said meanwhile is said by the next heartbeat, once for all', async () => {
  await using scene = await Scene.start();
  scene.answering = 'by hand';
  const updates = [1, 2, 3, 4].map((sessions) =>
    scene.announcement.update({ id: 'node-1', sessions } as NodeInfo),
  );
  assert.equal(scene.waiting.length, 1);
  scene.waiting[0]?.resolve('one term');
  await until('the next', () => assert.equal(scene.waiting.length, 2), SOON);
  assert.equal(scene.said, 4);
  scene.waiting[1]?.resolve('one term');
  await Promise.all(updates);
  scene.answering = 'one term';
});

test('after its end nothing is said', async () => {
  const scene = await Scene.start();
  await scene.announcement.close();
  await scene.announcement.update({ id: 'node-1', sessions: 9 } as NodeInfo);
  assert.equal(scene.said, 0);
  assert.equal(scene.announcement.held, false);
});

// Probing many addresses: everybody has a turn, and none more than its share.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Resources } from '../../../../server/telemetry/resources.ts';
import {
  HealthWatch,
  type HealthWatchOptions,
} from '../../../../server/turn/probe/health-watch.ts';
import { turnServer } from '../../../support/turn/turn-server.ts';

const WELL = { ok: true, roundTripMs: 1 } as const;
const ILL = { ok: false, message: 'no answer', full: false } as const;

interface Watched {
  watch: HealthWatch;
  resources: Resources;
  /** How often each was probed, by server. */
  probes: Map<string, number>;
  changes: string[];
}

function watched(options: Partial<HealthWatchOptions>, t: { after(f: () => void): void }): Watched {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let now = 0;
  mock.method(performance, 'now', () => now);
  const tick = mock.timers.tick.bind(mock.timers);
  mock.method(mock.timers, 'tick', (ms: number) => {
    now += ms;
    tick(ms);
  });
  t.after(() => {
    mock.timers.reset();
    mock.restoreAll();
  });
  const probes = new Map<string, number>();
  const changes: string[] = [];
  const resources = new Resources();
  const watch = new HealthWatch({
    probe: async ({ id }) => {
      probes.set(id, (probes.get(id) ?? 0) + 1);
      return WELL;
    },
    intervalMs: 3_000,
    probesPerSecond: 150,
    recoveryMs: 30_000,
    resources,
    onChange: ({ id }, _, { state }) => changes.push(`${id} ${state}`),
    ...options,
  });
  return { watch, resources, probes, changes };
}

/** Lets time pass in ticks, with what promises do in between. */
async function pass(seconds: number): Promise<void> {
  for (let n = 0; n < seconds * 20; n++) {
    mock.timers.tick(50);
    await new Promise(setImmediate);
  }
}

const servers = (count: number) => Array.from({ length: count }, (_, n) => turnServer(`s${n}`));

test('with a thousand servers, each one has its turn, and the rate is kept', async (t) => {
  const { watch, probes } = watched({}, t);
  watch.watch(servers(1_000));
  await pass(40);
  const counts = [...probes.values()];
  const total = counts.reduce((sum, count) => sum + count, 0);
  assert.equal(counts.length, 1_000, 'some were never probed');
  assert.ok(total <= 40 * 150 + 10, `${total} probes`);
  assert.ok(
    Math.min(...counts) >= 3 && Math.max(...counts) <= 8,
    `${Math.min(...counts)} to ${Math.max(...counts)}`,
  );
  await watch.close();
});

test('few servers are probed at their interval', async (t) => {
  const { watch, probes } = watched({}, t);
  watch.watch(servers(2));
  await pass(30);
  for (const count of probes.values()) assert.ok(count >= 8 && count <= 13, `${count} probes`);
  await watch.close();
});

test('a first failure is looked at again at once, and with it the server’s other addresses', async (t) => {
  const urls = ['turn:a:1', 'turn:a:2'];
  let isDead = false;
  const { watch, changes } = watched({ probe: async () => (isDead ? ILL : WELL) }, t);
  const server = turnServer('s', { urls });
  watch.watch([server]);
  await pass(1);
  assert.deepEqual(changes, ['s ok', 's ok']);
  isDead = true;
  await pass(5);
  assert.deepEqual(changes.slice(2), ['s failed', 's failed']);
  for (const url of urls) assert.equal(watch.of('s', url).state, 'failed');
  await watch.close();
});

test('what is known is kept when the pool changes, unless the credentials do', async (t) => {
  const { watch } = watched({}, t);
  const [one, two] = [turnServer('one'), turnServer('two')];
  watch.watch([one, two]);
  await pass(1);
  const auth = { kind: 'secret', secret: 'another', ttlSeconds: 600 } as const;
  watch.watch([
    { ...one, weight: 9 },
    { ...two, auth },
  ]);
  assert.equal(watch.of('one', one.urls[0] ?? '').state, 'ok');
  assert.equal(watch.of('two', two.urls[0] ?? '').state, 'unknown');
  await watch.close();
});

test('nothing is left of it, also while probes are on their way', async (t) => {
  const answer = Promise.withResolvers<typeof WELL>();
  const { watch, resources, changes } = watched({ probe: () => answer.promise }, t);
  watch.watch(servers(3));
  await pass(1);
  assert.equal(resources.counts().timer, 1);
  const closed = watch.close();
  assert.equal(resources.counts().timer, 0);
  answer.resolve(WELL);
  await closed;
  assert.deepEqual(changes, [], 'a probe spoke after the end');
  const { watch: other, resources: its } = { watch, resources };
  other.watch(servers(1));
  assert.equal(its.counts().timer, 0, 'a closed one begins again');
});

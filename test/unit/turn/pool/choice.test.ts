// Which TURN servers a session gets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseByWeight, type TurnCandidate } from '../../../../server/turn/pool/choice.ts';

const candidate = (id: string, more: Partial<TurnCandidate> = {}): TurnCandidate => ({
  id,
  hosts: [`${id}.example.org`],
  region: null,
  weight: 1,
  state: 'ok',
  load: 0,
  full: false,
  draining: false,
  ...more,
});

const choose = (
  candidates: TurnCandidate[],
  { region = null, count = 2, seed = 'ada', current = [] as string[] } = {},
) => chooseByWeight(candidates, region)({ count, seed, current });

const NEAR = candidate('near', { region: 'eu' });
const FAR = candidate('far', { region: 'us' });
const ANYWHERE = candidate('anywhere');

const TABLE: readonly [string, string[], string[]][] = [
  ['nothing when there is nothing', choose([]), []],
  ['the only one there is', choose([NEAR]), ['near']],
  [
    'the near ones before the far one',
    choose([FAR, NEAR, ANYWHERE], { region: 'eu' as never }).sort(),
    ['anywhere', 'near'],
  ],
  [
    'a far one rather than one alone',
    choose([FAR, NEAR], { region: 'eu' as never }),
    ['near', 'far'],
  ],
  [
    'a probed one before one that was not yet',
    choose([candidate('new', { state: 'unknown' }), NEAR], { count: 1 }),
    ['near'],
  ],
  [
    'one that has room before one that is full',
    choose([candidate('full', { load: 95, full: true }), candidate('half', { load: 50 })]),
    ['half', 'full'],
  ],
  [
    'a far one before a near one that is full',
    choose([candidate('full', { region: 'eu', load: 95, full: true }), FAR], {
      region: 'eu' as never,
      count: 1,
    }),
    ['far'],
  ],
  [
    'no failed one beside a good one',
    choose([candidate('dead', { state: 'failed' }), NEAR]),
    ['near'],
  ],
  ['a failed one rather than none', choose([candidate('dead', { state: 'failed' })]), ['dead']],
  [
    'only one of two on the same host',
    choose([candidate('a', { hosts: ['h'] }), candidate('b', { hosts: ['h'] })]).slice(1),
    [],
  ],
  [
    'what the session has, as long as it is good',
    choose([NEAR, FAR, ANYWHERE], { region: 'eu' as never, current: ['far'] }).slice(0, 1),
    ['far'],
  ],
  ['no server that is drained', choose([candidate('leaving', { draining: true }), NEAR]), ['near']],
  [
    'a drained one for those whom it has',
    choose([candidate('leaving', { draining: true }), NEAR], { current: ['leaving'] }),
    ['leaving', 'near'],
  ],
  [
    'another one than a failed one that the session has',
    choose([candidate('dead', { state: 'failed' }), NEAR, FAR], { current: ['dead'] }).sort(),
    ['far', 'near'],
  ],
];

for (const [what, chosen, expected] of TABLE) {
  test(`chooses ${what}`, () => assert.deepEqual(chosen, expected));
}

const pools = fc.array(
  fc.record({
    id: fc.integer({ min: 0, max: 40 }).map(String),
    hosts: fc.array(fc.integer({ min: 0, max: 12 }).map(String), { minLength: 1, maxLength: 2 }),
    region: fc.constantFrom('eu', 'us', null),
    weight: fc.double({ min: 0.01, max: 1000, noNaN: true }),
    state: fc.constantFrom('ok' as const, 'unknown' as const, 'failed' as const),
    load: fc.nat(200),
    full: fc.boolean(),
    draining: fc.constant(false),
  }),
  { maxLength: 30 },
);

test('whatever the pool is, the servers are different ones on different hosts', () => {
  fc.assert(
    fc.property(pools, fc.string(), fc.integer({ min: 1, max: 4 }), (all, seed, count) => {
      const pool = [...new Map(all.map((one) => [one.id, one])).values()];
      const ids = chooseByWeight(pool, 'eu')({ count, seed, current: [] });
      assert.ok(ids.length <= count);
      const hosts = ids.flatMap((id) => [...new Set(pool.find((one) => one.id === id)?.hosts)]);
      assert.equal(new Set(hosts).size, hosts.length);
      if (pool.length > 0) assert.ok(ids.length > 0, 'somebody got nothing');
    }),
  );
});

test('a session gets the same servers again', () => {
  fc.assert(
    fc.property(pools, fc.string(), (all, seed) => {
      const pool = [...new Map(all.map((one) => [one.id, one])).values()];
      const chooser = chooseByWeight(pool, 'eu');
      const wish = { count: 2, seed, current: [] };
      assert.deepEqual(chooser(wish), chooser(wish));
    }),
  );
});

/** How often each server is the first of many sessions'. */
function shares(pool: TurnCandidate[], sessions = 6_000): Record<string, number> {
  const chooser = chooseByWeight(pool, null);
  const counts: Record<string, number> = {};
  for (let n = 0; n < sessions; n++) {
    const [first = ''] = chooser({ count: 2, seed: `session-${n}`, current: [] });
    counts[first] = (counts[first] ?? 0) + 1 / sessions;
  }
  return counts;
}

test('sessions are shared out by weight', () => {
  const { light = 0, heavy = 0 } = shares([
    candidate('light', { weight: 1 }),
    candidate('heavy', { weight: 3 }),
  ]);
  assert.ok(heavy > 2 * light && light > 0.03, JSON.stringify({ light, heavy }));
});

test('the one with less load for its weight gets more', () => {
  const { busy = 0, idle = 0 } = shares([
    candidate('busy', { load: 100 }),
    candidate('idle', { load: 10 }),
  ]);
  assert.ok(idle > busy, JSON.stringify({ busy, idle }));
});

test('among equals nobody is left out', () => {
  const pool = Array.from({ length: 20 }, (_, n) => candidate(`server-${n}`));
  const counts = shares(pool);
  for (const { id } of pool) {
    const share = counts[id] ?? 0;
    assert.ok(share > 0.02 && share < 0.1, `${id} got ${share}`);
  }
});

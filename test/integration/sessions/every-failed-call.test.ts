// Every call of every lifecycle fails in every way, once: afterwards the room is what is true, nobody is a
// ghost, somebody new can join and talk, and nothing is left over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FaultLane } from '../../support/cluster/faults/fault-lane.ts';
import { type Life, live } from '../../support/cluster/faults/fault-life.ts';
import { type Outcome, report } from '../../support/cluster/faults/fault-report.ts';
import { type CallKey, FAULTS, type Fault } from '../../support/cluster/faults/faulty-cluster.ts';
import { LIFECYCLES, type Lifecycle } from '../../support/cluster/faults/lifecycles.ts';

/** Clusters side by side: most of a life is waiting. */
const LANES = { calm: 12, watching: 5 };
/** Calls of timers alone: whether they fall into a life says nothing about its lifecycle. */
const OF_TIMERS: ReadonlySet<string> = new Set([
  ...['rooms.sweep', 'rooms.placements', 'turn.report', 'turn.read', 'turn.sample', 'turn.seed'],
]);
/** Calls that timers make as well: one of each is enough. */
const BY_TIMERS_TOO: ReadonlySet<string> = new Set([
  ...['rooms.renew', 'nodes.list', 'nodes.announce.update', 'secrets.keep'],
]);

interface Job {
  lifecycle: Lifecycle;
  failing?: { key: CallKey; fault: Fault };
  done(life: Life | Error): void;
}

test('every call of every lifecycle fails in every way', { timeout: 300_000 }, async (t) => {
  const chosen = LIFECYCLES.filter(({ name }) => name.includes(process.env.LIFECYCLE ?? ''));
  const queues = { calm: [] as Job[], watching: [] as Job[] };
  const outcomes: Outcome[] = [];
  const failures: string[] = [];
  const queueOf = ({ watches }: Lifecycle) => (watches ? queues.watching : queues.calm);
  let open = 0;
  const add = (job: Job) => {
    open += 1;
    queueOf(job.lifecycle).push(job);
  };
  for (const lifecycle of chosen) {
    // Twice without a fault: what is called both times belongs to it.
    const lives: Life[] = [];
    const recorded = (life: Life | Error) => {
      if (life instanceof Error) {
        failures.push(`${lifecycle.name}, nothing failing: ${life.stack}`);
        return;
      }
      lives.push(life);
      const [one, other] = lives;
      if (!one || !other) return;
      for (const key of keysOf(one.calls, other.calls)) {
        for (const fault of FAULTS) {
          add({
            lifecycle,
            failing: { key, fault },
            done: (result) => {
              const failed = result instanceof Error;
              const name = lifecycle.name;
              outcomes.push({
                ...{ lifecycle: name, key, fault },
                hit: failed || result.hit,
                codes: failed ? undefined : result.codes,
              });
              if (failed)
                failures.push(`${name}, ${key.name} ${key.nth} ${fault}: ${result.message}`);
            },
          });
        }
      }
    };
    add({ lifecycle, done: recorded });
    add({ lifecycle, done: recorded });
  }
  const lane = async (queue: Job[], env: Record<string, string>) => {
    let current: FaultLane | undefined;
    while (open > 0 && !t.signal.aborted) {
      const job = queue.shift();
      if (!job) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        continue;
      }
      current ??= await FaultLane.start(t, env);
      try {
        job.done(await live(current, job.lifecycle, job.failing));
      } catch (error) {
        job.done(error as Error);
        // What a failed life left behind is nothing to begin another one with.
        current = undefined;
      }
      open -= 1;
    }
  };
  await Promise.all([
    ...Array.from({ length: LANES.calm }, () => lane(queues.calm, {})),
    ...Array.from({ length: LANES.watching }, () =>
      lane(queues.watching, { NODE_WATCH_MS: '100', NODE_LOST_MS: '300' }),
    ),
  ]);
  const order = new Map(chosen.map(({ name }, index) => [name, index]));
  outcomes.sort((a, b) => (order.get(a.lifecycle) ?? 0) - (order.get(b.lifecycle) ?? 0));
  for (const line of report(outcomes)) t.diagnostic(line);
  assert.deepEqual(failures, []);
  // What timers do beside it takes a call's number now and then.
  const missed = chosen.length < LIFECYCLES.length ? 0 : outcomes.filter(({ hit }) => !hit).length;
  assert.ok(missed <= outcomes.length / 10, `${missed} of ${outcomes.length} calls were not made`);
});

/** The calls that both lives have, each by its name and number. */
function keysOf(one: readonly string[], other: readonly string[]): CallKey[] {
  const count = (calls: readonly string[], name: string) =>
    calls.filter((call) => call === name).length;
  const names = new Set(one.filter((name) => !OF_TIMERS.has(name)));
  return [...names].flatMap((name) => {
    const times = Math.min(count(one, name), count(other, name));
    const first = BY_TIMERS_TOO.has(name) ? Math.min(times, 1) : times;
    return Array.from({ length: first }, (_, nth) => ({ name, nth }));
  });
}

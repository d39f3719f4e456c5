// The arithmetic of bench:media: costs of packets and consumers, ratios, verdicts, warnings.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  consumerCost,
  costOf,
  lossOf,
  type Measured,
  report,
  type Turn,
  verdicts,
  warnings,
} from '../../../bench/media/report.ts';

const RECEIVERS = 100;

function turn(fields: Partial<Turn> = {}): Turn {
  return {
    seconds: 10,
    cpuMs: 2_000,
    nodeMs: 100,
    sent: 2_000,
    received: 2_000 * RECEIVERS,
    delayMs: { p50: 1, p95: 2 },
    clientsBusy: 0.5,
    ...fields,
  };
}

function measured(name: Measured['name'], cpuMs: readonly number[]): Measured {
  return {
    ...{ name, description: `the ${name}`, receivers: RECEIVERS },
    empty: turn({ cpuMs: 10, sent: 0, received: 0 }),
    unheard: turn({ cpuMs: 30, received: 0 }),
    rounds: cpuMs.map((ms) => turn({ cpuMs: ms })),
    silent: turn({ cpuMs: 60, sent: 0, received: 0 }),
    paused: turn({ cpuMs: 90, received: 0 }),
    memory: { before: 10_000_000, after: 20_000_000 },
  };
}

test('a packet costs the CPU of the media side, divided by the packets that arrived', () => {
  assert.equal(costOf(turn()), 10);
  assert.equal(costOf(turn({ cpuMs: undefined })), undefined);
  assert.equal(costOf(turn({ received: 0 })), undefined);
});

test('loss is what is missing of everything that the audience should have received', () => {
  assert.equal(lossOf(turn(), RECEIVERS), 0);
  assert.equal(lossOf(turn({ received: 1_900 * RECEIVERS }), RECEIVERS), 5);
  // Packets that were under way as the turn before ended.
  assert.equal(lossOf(turn({ received: 2_001 * RECEIVERS }), RECEIVERS), 0);
  assert.equal(lossOf(turn({ sent: 0, received: 0 }), RECEIVERS), 0);
});

test('a consumer costs what the server spends beyond the same without consumers', () => {
  // 60 ms and 10 ms in ten seconds: 5 ms a second for a hundred.
  assert.equal(consumerCost(turn({ cpuMs: 60 }), turn({ cpuMs: 10 }), RECEIVERS), 50);
  assert.equal(consumerCost(undefined, turn(), RECEIVERS), undefined);
  assert.equal(consumerCost(turn({ cpuMs: undefined }), turn(), RECEIVERS), undefined);
});

test('a goal is judged by the medians, beside the range of the rounds', () => {
  const all = [measured('parley', [2_000, 2_100, 4_000]), measured('bare', [2_000, 2_000, 2_000])];
  const [verdict, ...others] = verdicts(all);
  assert.deepEqual(others, [], 'goals without a contender were judged');
  assert.equal(verdict?.ratio, 1.05);
  assert.equal(verdict?.isMet, true);
  assert.deepEqual(verdict?.range, { median: 1.05, min: 1, max: 2 });
});

test('each goal has its own limit', () => {
  const judged = (parley: number) =>
    verdicts([
      measured('parley', [parley]),
      measured('bare', [2_000]),
      measured('nss', [2_800]),
      measured('janus', [6_300]),
    ]).map(({ goal, isMet }) => [goal.beside, isMet]);
  assert.deepEqual(judged(2_100), [
    ['bare', true],
    ['nss', true],
    ['janus', true],
  ]);
  assert.deepEqual(judged(2_101), [
    ['bare', false],
    ['nss', false],
    ['janus', false],
  ]);
});

test('a server whose processes are not known is in the table and in no verdict', () => {
  const peer = measured('peer', [2_000]);
  const unknown: Measured = {
    ...peer,
    rounds: peer.rounds.map((each) => ({ ...each, cpuMs: undefined, nodeMs: undefined })),
    paused: undefined,
    memory: { before: undefined, after: undefined },
  };
  assert.deepEqual(verdicts([unknown, measured('bare', [2_000])]), []);
  assert.match(report([unknown]), /peer +– +– +– +0\.00 % +1\.0, 2\.0 ms/);
});

test('the table says what each contender is, and which goals were missed', () => {
  const text = report([measured('parley', [3_000]), measured('bare', [2_000])]);
  assert.match(text, /parley +15\.0 +\(15\.0 – 15\.0\) +0\.50 +1\.500 .* 50 µs +60 µs +100 kB/);
  assert.match(text, /bare +the bare/);
  assert.match(text, /1\.500 times bare mediasoup .* at most 1\.05\): MISSED/);
});

test('rounds in which the machine was too slow are named', () => {
  const fine = measured('bare', [2_000]);
  assert.deepEqual(warnings([fine]), []);
  const rounds = [turn({ received: 1_979 * RECEIVERS, clientsBusy: 0.95 })];
  const [loss, busy] = warnings([{ ...fine, rounds }]);
  assert.match(loss ?? '', /bare: 1 of 1 rounds lost more than 1 %/);
  assert.match(busy ?? '', /bare: the clients were at work 95 %/);
});

test('a round that lost more than one per cent counts for nothing', () => {
  const parley = measured('parley', [2_000, 2_000]);
  const bare = measured('bare', [2_000, 4_000]);
  const lossy = (lost: number) => ({
    ...bare,
    rounds: bare.rounds.map((each, round) =>
      round === 1 ? { ...each, received: (2_000 - lost) * RECEIVERS } : each,
    ),
  });
  const [atLimit] = verdicts([parley, lossy(20)]);
  assert.equal(atLimit?.ratio.toFixed(3), (10 / ((10 + 4_000 / 198) / 2)).toFixed(3));
  assert.deepEqual(verdicts([parley, lossy(21)])[0]?.ratio, 1);
  const nothing = { ...bare, rounds: bare.rounds.map((each) => ({ ...each, received: 1 })) };
  assert.deepEqual(verdicts([parley, nothing]), []);
  assert.match(
    report([parley, nothing]),
    /bare: 2 of 2 rounds lost more than 1 %, and are left out/,
  );
});

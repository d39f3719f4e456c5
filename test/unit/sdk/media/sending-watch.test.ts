// When what we send on a newer media session keeps up with what we send on the one before.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import {
  framesSent,
  type Pair,
  SendingWatch,
  sendsAsMuch,
} from '../../../../client/sdk/handover/sending-watch.ts';

const POLL_MS = 200;

const report = (...layers: number[]) =>
  new Map([
    ...layers.map((framesEncoded, n) => [
      `layer-${n}`,
      { type: 'outbound-rtp', kind: 'video', framesEncoded },
    ]),
    ['voice', { type: 'outbound-rtp', kind: 'audio', packetsSent: 999 }],
    ['other', { type: 'inbound-rtp', kind: 'video', framesDecoded: 999 }],
  ] as [string, object][]) as unknown as RTCStatsReport;

test('the layer with most frames counts: a new path begins with the small ones', () => {
  assert.equal(framesSent(report(12, 3, 0)), 12);
  assert.equal(framesSent(report()), 0);
});

/** Frames by then, every 200 ms. */
const CASES: readonly { title: string; newest: number[]; older: number[]; expected: boolean }[] = [
  { title: 'nothing yet', newest: [0, 0, 0, 0], older: [9, 12, 15, 18], expected: false },
  { title: 'as many', newest: [0, 3, 6, 9], older: [9, 12, 15, 18], expected: true },
  { title: 'as many, not for long enough', newest: [0, 3, 6], older: [9, 12, 15], expected: false },
  { title: 'a slow encoder', newest: [0, 1, 2, 3], older: [9, 12, 15, 18], expected: false },
  { title: 'both slow', newest: [0, 1, 2, 3], older: [9, 10, 11, 12], expected: true },
  { title: 'a camera that is off', newest: [0, 0, 0, 0], older: [9, 9, 9, 9], expected: true },
  { title: 'nothing known', newest: [], older: [], expected: false },
];

for (const { title, newest, older, expected } of CASES) {
  test(`sending ${expected ? 'keeps' : 'does not keep'} up: ${title}`, () => {
    const samples = newest.map((awaited, n) => ({ at: n * 200, awaited, shown: older[n] ?? 0 }));
    assert.equal(sendsAsMuch(samples), expected);
  });
}

let now: number;
let frames: Record<string, number>;
let pair: Pair<string> | undefined;
let story: string[];
let watch: SendingWatch<string>;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  now = 0;
  mock.method(performance, 'now', () => now);
  frames = {};
  pair = { newest: 'new', older: 'old' };
  story = [];
  watch = new SendingWatch<string>({
    pair: () => pair,
    report: async (session) => report(frames[session] ?? 0),
    onKeepsUp: () => story.push('keeps up'),
  });
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

async function pass(ms: number, rates: Record<string, number>): Promise<void> {
  for (let at = 0; at < ms; at += POLL_MS) {
    for (const [name, rate] of Object.entries(rates)) frames[name] = (frames[name] ?? 0) + rate;
    now += POLL_MS;
    mock.timers.tick(POLL_MS);
    await new Promise(setImmediate);
  }
}

test('an encoder that starts after a minute is waited for, and then nobody looks any more', async () => {
  watch.start();
  await pass(60_000, { old: 3 });
  assert.deepEqual([story, watch.keepsUp('new')], [[], false]);
  await pass(1_000, { old: 3, new: 3 });
  assert.deepEqual([story, watch.keepsUp('new')], [['keeps up'], true]);
  watch.start();
  await pass(1_000, { old: 3, new: 3 });
  assert.deepEqual(story, ['keeps up']);
});

test('a session that comes meanwhile is compared from its own beginning', async () => {
  watch.start();
  await pass(400, { old: 3, new: 3 });
  pair = { newest: 'newer', older: 'new' };
  await pass(600, { new: 3, newer: 3 });
  assert.deepEqual(story, []);
  await pass(400, { new: 3, newer: 3 });
  assert.deepEqual([story, watch.keepsUp('newer')], [['keeps up'], true]);
});

test('without a pair nobody looks, and after close neither', async () => {
  pair = undefined;
  watch.start();
  await pass(1_000, {});
  pair = { newest: 'new', older: 'old' };
  watch.start();
  watch.close();
  await pass(2_000, { old: 3, new: 3 });
  assert.deepEqual(story, []);
});

// When a new consumer counts as live.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { type Awaited, arrivedTracks, LivenessWatch } from '../../client/sdk/liveness.ts';
import { mergeStats } from '../../client/sdk/merge-stats.ts';

const POLL_MS = 50;
const LIVE_TIMEOUT_MS = 4_000;

const report = (...entries: object[]) =>
  new Map(entries.map((entry, index) => [`entry-${index}`, entry])) as RTCStatsReport;
const inbound = (trackIdentifier: string, figures: object) => ({
  type: 'inbound-rtp',
  trackIdentifier,
  ...figures,
});

const ARRIVALS: readonly [string, object, boolean][] = [
  ['a picture that moves', { kind: 'video', framesDecoded: 10, packetsReceived: 19 }, true],
  ['a first frame only', { kind: 'video', framesDecoded: 1, packetsReceived: 9 }, false],
  ['packets of a frame that is not whole', { kind: 'video', packetsReceived: 9 }, false],
  ['a packet of sound', { kind: 'audio', packetsReceived: 1 }, true],
  ['no sound yet', { kind: 'audio', packetsReceived: 0 }, false],
  ['what we send', { type: 'outbound-rtp', kind: 'audio', packetsReceived: 3 }, false],
];

for (const [title, figures, isThere] of ARRIVALS) {
  test(`${title} ${isThere ? 'is' : 'is not'} an arrival`, () => {
    assert.equal(arrivedTracks(report(inbound('media', figures))).has('media'), isThere);
  });
}

let stats: RTCStatsReport;
let polls: number;
let isConnected: boolean;
let silent: Set<string>;
let live: string[];
let watch: LivenessWatch<Awaited>;
let passing: (ms: number) => void;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  mock.method(performance, 'now', () => now);
  passing = (ms) => {
    now += ms;
  };
  stats = report();
  polls = 0;
  isConnected = true;
  silent = new Set();
  live = [];
  watch = new LivenessWatch<Awaited>({
    stats: async () => {
      polls += 1;
      return stats;
    },
    isConnected: () => isConnected,
    isSilent: (trackId) => silent.has(trackId),
    onLive: (arrived) => live.push(...arrived.map(({ trackId }) => trackId)),
  });
});

const awaited = (name: string): Awaited => ({
  trackId: name,
  track: { id: `media of ${name}` } as MediaStreamTrack,
});

async function pass(ms: number): Promise<void> {
  for (let at = 0; at < ms; at += POLL_MS) {
    passing(POLL_MS);
    mock.timers.tick(POLL_MS);
    await new Promise(setImmediate);
  }
}

test('what has arrived is told once, and nothing is asked when nothing is awaited', async () => {
  const [a, b] = [awaited('a'), awaited('b')];
  watch.watch([a, b]);
  await pass(POLL_MS);
  assert.deepEqual(live, []);
  stats = report(inbound('media of a', { kind: 'audio', packetsReceived: 1 }));
  await pass(2 * POLL_MS);
  assert.deepEqual(live, ['a']);
  watch.watch([]);
  await pass(POLL_MS);
  const before = polls;
  await pass(1_000);
  assert.equal(polls, before);
});

test('what is silent is not waited for, whether there is a path or not', async () => {
  isConnected = false;
  silent.add('a');
  watch.watch([awaited('a'), awaited('b')]);
  await pass(POLL_MS);
  assert.deepEqual([live, polls], [['a'], 0]);
});

test('what does not come is waited for no longer than four seconds with a path', async () => {
  isConnected = false;
  watch.watch([awaited('a')]);
  await pass(2 * LIVE_TIMEOUT_MS);
  isConnected = true;
  await pass(LIVE_TIMEOUT_MS);
  assert.deepEqual(live, []);
  await pass(POLL_MS);
  assert.deepEqual(live, ['a']);
});

test('being named again does not begin the wait anew', async () => {
  const a = awaited('a');
  watch.watch([a]);
  await pass(LIVE_TIMEOUT_MS);
  watch.watch([a]);
  await pass(POLL_MS);
  assert.deepEqual(live, ['a']);
});

test('after close nothing is told', async () => {
  watch.watch([awaited('a')]);
  watch.close();
  await pass(2 * LIVE_TIMEOUT_MS);
  assert.deepEqual([live, polls], [[], 0]);
});

test('one report has what is shown from an older media session, and nothing else of it', () => {
  const newest = report({ type: 'transport' }, inbound('new', { framesDecoded: 2 }));
  const recv = report(
    { type: 'transport' },
    inbound('old', { framesDecoded: 5 }),
    inbound('replaced', { framesDecoded: 7 }),
  );
  const merged = mergeStats(newest, [{ epoch: 4, recv }], new Set(['new', 'old']));
  assert.deepEqual([...merged.keys()], ['entry-0', 'entry-1', '4-entry-1']);
  assert.equal(merged.get('4-entry-1').framesDecoded, 5);
  assert.equal(mergeStats(newest, [], new Set()), newest);
});

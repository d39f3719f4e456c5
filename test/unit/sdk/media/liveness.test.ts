// When a new consumer counts as live.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import {
  type Awaited,
  arrivals,
  type Contest,
  keepsUp,
  LivenessWatch,
} from '../../../../client/sdk/handover/liveness.ts';
import { mergeStats } from '../../../../client/sdk/media/merge-stats.ts';

const POLL_MS = 50;
const WINDOW_MS = 400;
const LIVE_TIMEOUT_MS = 4_000;

const report = (...entries: object[]) =>
  new Map(entries.map((entry, index) => [`entry-${index}`, entry])) as RTCStatsReport;
const inbound = (trackIdentifier: string, figures: object) => ({
  type: 'inbound-rtp',
  trackIdentifier,
  ...figures,
});

test('pictures are counted in frames, sound in packets, over all transports, and nothing else is', () => {
  const counts = arrivals([
    report(
      inbound('picture', { kind: 'video', framesDecoded: 3, packetsReceived: 9 }),
      inbound('no frame yet', { kind: 'video', packetsReceived: 9 }),
      { type: 'outbound-rtp', trackIdentifier: 'ours', packetsSent: 5 },
      { type: 'inbound-rtp', kind: 'video', framesDecoded: 5 },
    ),
    report(inbound('sound', { kind: 'audio', packetsReceived: 4 })),
  ]);
  assert.deepEqual(
    [...counts],
    [
      ['picture', 3],
      ['no frame yet', 0],
      ['sound', 4],
    ],
  );
});

/** Frames by then, every 100 ms. */
const CASES: readonly { title: string; awaited: number[]; shown: number[]; expected: boolean }[] = [
  { title: 'nothing of it yet', awaited: [0, 0, 0, 0, 0], shown: [9, 9, 9, 9, 9], expected: false },
  { title: 'as many frames', awaited: [0, 1, 2, 3, 4], shown: [9, 10, 11, 12, 13], expected: true },
  {
    title: 'a first frame, and then a pause',
    awaited: [0, 2, 2, 2, 2],
    shown: [9, 10, 11, 12, 13],
    expected: false,
  },
  {
    title: 'the same pause, over by now',
    awaited: [0, 2, 2, 2, 2, 2, 3, 4, 5],
    shown: [9, 10, 11, 12, 13, 14, 15, 16, 17],
    expected: true,
  },
  {
    title: 'as many frames, but not for long enough',
    awaited: [1, 2, 3],
    shown: [9, 10, 11],
    expected: false,
  },
  {
    title: 'the first frame, where the other stands still',
    awaited: [0, 0, 0, 0, 1],
    shown: [9, 9, 9, 9, 9],
    expected: true,
  },
  {
    title: 'half the frames: the new path is too narrow',
    awaited: [0, 0, 1, 1, 2],
    shown: [9, 10, 11, 12, 13],
    expected: false,
  },
  { title: 'nothing known', awaited: [], shown: [], expected: false },
];

for (const { title, awaited, shown, expected } of CASES) {
  test(`a picture ${expected ? 'keeps' : 'does not keep'} up: ${title}`, () => {
    const samples = awaited.map((frames, index) => ({
      at: index * 100,
      awaited: frames,
      shown: shown[index] ?? 0,
    }));
    assert.equal(keepsUp(samples), expected);
  });
}

let now: number;
let counts: Record<string, number>;
let polls: number;
let isConnected: boolean;
let silent: Set<string>;
let waiting: Contest<Awaited>[];
let live: string[];
let watch: LivenessWatch<Awaited>;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  now = 0;
  mock.method(performance, 'now', () => now);
  counts = {};
  polls = 0;
  isConnected = true;
  silent = new Set();
  waiting = [];
  live = [];
  watch = new LivenessWatch<Awaited>({
    reports: async () => {
      polls += 1;
      return [
        report(
          ...Object.entries(counts).map(([id, packetsReceived]) =>
            inbound(id, { packetsReceived }),
          ),
        ),
      ];
    },
    isSilent: (trackId) => silent.has(trackId),
    contests: () => waiting.map((contest) => ({ ...contest, isConnected })),
    onLive: (arrived) => {
      live.push(...arrived.map(({ trackId }) => trackId));
      waiting = waiting.filter(({ awaited }) => !arrived.includes(awaited));
    },
  });
});

const media = (id: string, kind: string) => ({ id, kind }) as MediaStreamTrack;
const contest = (name: string, kind = 'audio', shown = media('shown', kind)) => ({
  awaited: { trackId: name, track: media(`media of ${name}`, kind) },
  shown,
  isConnected: true,
});

async function pass(ms: number, each: () => void = () => {}): Promise<void> {
  for (let at = 0; at < ms; at += POLL_MS) {
    each();
    now += POLL_MS;
    mock.timers.tick(POLL_MS);
    await new Promise(setImmediate);
  }
}

test('a voice takes over after a few packets, is reported once, and ends the looks', async () => {
  waiting = [contest('a'), contest('b')];
  watch.start();
  watch.start();
  counts = { 'media of a': 1 };
  await pass(2 * POLL_MS);
  assert.deepEqual([live, polls], [[], 2]);
  counts = { 'media of a': 5 };
  await pass(2 * POLL_MS);
  assert.deepEqual(live, ['a']);
  waiting = [];
  await pass(POLL_MS);
  const before = polls;
  await pass(1_000);
  assert.equal(polls, before);
});

test('a picture takes over when it keeps up, or at its first frame when the other has died', async () => {
  waiting = [contest('a', 'video')];
  watch.start();
  counts = { shown: 100, 'media of a': 0 };
  await pass(WINDOW_MS, () => {
    counts.shown = (counts.shown ?? 0) + 1;
  });
  counts['media of a'] = 1;
  await pass(2 * POLL_MS);
  assert.deepEqual(live, []);
  await pass(WINDOW_MS);
  assert.deepEqual(live, ['a']);
});

test('when something else is shown, it is compared with that, from then on', async () => {
  const first = contest('a', 'video', media('first', 'video'));
  waiting = [first];
  watch.start();
  counts = { first: 50, second: 10, 'media of a': 0 };
  await pass(2 * WINDOW_MS);
  waiting = [{ ...first, shown: media('second', 'video') }];
  counts['media of a'] = 1;
  await pass(POLL_MS);
  assert.deepEqual(live, []);
  await pass(WINDOW_MS);
  assert.deepEqual(live, ['a']);
});

test('what is silent is not waited for, whether there is a path or not', async () => {
  isConnected = false;
  silent.add('a');
  waiting = [contest('a'), contest('b')];
  watch.start();
  await pass(POLL_MS);
  assert.deepEqual(live, ['a']);
});

test('what does not come is waited for no longer than four seconds with a path', async () => {
  isConnected = false;
  waiting = [contest('a')];
  watch.start();
  await pass(2 * LIVE_TIMEOUT_MS);
  isConnected = true;
  await pass(LIVE_TIMEOUT_MS);
  assert.deepEqual(live, []);
  await pass(POLL_MS);
  assert.deepEqual(live, ['a']);
});

test('what does not keep up is waited for as long as the older one carries, and four seconds more', async () => {
  waiting = [contest('a', 'video')];
  counts = { shown: 0 };
  watch.start();
  await pass(10 * LIVE_TIMEOUT_MS, () => {
    counts.shown = (counts.shown ?? 0) + 1;
  });
  assert.deepEqual(live, []);
  await pass(LIVE_TIMEOUT_MS - POLL_MS);
  assert.deepEqual(live, []);
  await pass(2 * POLL_MS);
  assert.deepEqual(live, ['a']);
});

test('after close nothing is reported', async () => {
  waiting = [contest('a')];
  watch.start();
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

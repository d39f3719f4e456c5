// A computer that was too busy in the first second of a call: the browser is made to try for more again.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { types } from 'mediasoup-client';
import {
  BandwidthWatch,
  changed,
  sentLayers,
} from '../../../../client/sdk/media/bandwidth-watch.ts';
import {
  CLIMB_FIRST_WAIT_MS,
  CLIMB_LAST_WAIT_MS,
  type Climb,
  climb,
} from '../../../../client/sdk/media/climb.ts';
import { videoEncodings } from '../../../../shared/media/media.ts';

const encodings = videoEncodings('camera', 'VP8').map((encoding) => ({ ...encoding }));
const layers = (...targets: number[]) =>
  encodings.map(({ maxBitrate }, index) => ({ maxBitrate, targetBitrate: targets[index] ?? 0 }));

/** When it asks, if the targets stay what `targetsAt` says; looked at once a second. */
function asks(targetsAt: (seconds: number) => number[], seconds: number): number[] {
  let memory: Climb | undefined;
  const asked: number[] = [];
  for (let second = 0; second <= seconds; second++) {
    const { ask, next } = climb(memory, layers(...targetsAt(second)), second * 1_000);
    memory = next;
    if (ask) asked.push(second);
  }
  return asked;
}

test('while the large layer is left out the browser is asked, ever more rarely if nothing comes of it', () => {
  assert.deepEqual(
    asks(() => [125_000, 0, 0], 20),
    [1, 3, 7, 11, 15, 19],
  );
  assert.equal(CLIMB_FIRST_WAIT_MS, 1_000);
  assert.equal(CLIMB_LAST_WAIT_MS, 4_000);
});

test('while each attempt brings more it is asked every second, until all layers are whole', () => {
  const better = [[84_000], [125_000], [150_000, 200_000], [150_000, 500_000, 600_000]];
  assert.deepEqual(
    asks((second) => better[second] ?? [125_000, 417_000, 1_417_000], 20),
    [1, 2, 3],
  );
});

test('it is asked again soon when a layer is lost later in the call', () => {
  const full = [125_000, 417_000, 1_417_000];
  assert.deepEqual(
    asks((second) => (second < 10 ? full : [125_000, 417_000, 0]), 12),
    [11],
  );
});

test('a layer that Chromium says nothing of is left out; Firefox says nothing of any', () => {
  const stats = [
    { type: 'outbound-rtp', rid: 'r1' },
    { type: 'outbound-rtp', rid: 'r0', targetBitrate: 90_000 },
    { type: 'media-source' },
  ];
  assert.deepEqual(sentLayers(encodings, stats), layers(90_000));
  assert.deepEqual(sentLayers(encodings, [{ type: 'outbound-rtp', rid: 'r0' }]), []);
  const small = videoEncodings('camera', 'VP8', { width: 640, height: 480 });
  assert.equal(
    sentLayers(
      small.map((encoding) => ({ ...encoding })),
      stats,
    ).length,
    2,
  );
});

test('what the highest layer may cost changes by a little, and changes back', () => {
  const once = changed(encodings);
  assert.deepEqual(
    once.map(({ maxBitrate }) => maxBitrate),
    [150_000, 500_000, 1_701_000],
  );
  assert.deepEqual(changed(once), encodings);
  const small = videoEncodings('camera', 'VP8', { width: 640, height: 480 }).map((encoding) => ({
    ...encoding,
  }));
  assert.deepEqual(
    changed(small).map(({ maxBitrate }) => maxBitrate),
    [350_000, 1_001_000, 1_000_000],
  );
});

test('every limit of every source is an even number of kilobits, so that a raised one is known', () => {
  for (const source of ['camera', 'screen'] as const) {
    for (const codec of ['VP8', 'H264', 'VP9', 'AV1'] as const) {
      for (const height of [0, 180, 240, 360, 480, 720, 1080]) {
        for (const { maxBitrate } of videoEncodings(source, codec, { width: height * 2, height })) {
          assert.equal(maxBitrate % 2_000, 0, `${source} ${codec} ${height}: ${maxBitrate}`);
        }
      }
    }
  }
});

/** A track as it is sent, whose browser says what it aims at. */
function sentBy(targets: () => (number | undefined)[], kind: 'audio' | 'video' = 'video') {
  const asked: (number | undefined)[] = [];
  let parameters = { encodings: encodings.map((encoding) => ({ ...encoding })) };
  const rtpSender = {
    getParameters: () => structuredClone(parameters),
    setParameters: async (next: typeof parameters) => {
      parameters = next;
      asked.push(next.encodings[2]?.maxBitrate);
    },
    getStats: async () =>
      new Map(
        targets().map((targetBitrate, index) => {
          const entry = { type: 'outbound-rtp', rid: `r${index}` };
          return [`r${index}`, targetBitrate === undefined ? entry : { ...entry, targetBitrate }];
        }),
      ),
  };
  const producer = { kind, rtpSender, closed: false, paused: false };
  return { producer: producer as typeof producer & types.Producer, asked };
}

let nowMs = 0;

/** Lets this many seconds pass, and what is waited for in each of them. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    nowMs += 1_000;
    mock.timers.tick(1_000);
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  }
}

test('what is sent with layers missing is changed a little; what is whole, paused or sound is left', async (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  mock.method(performance, 'now', () => nowMs);
  t.after(() => {
    mock.timers.reset();
    mock.restoreAll();
  });
  const missing = sentBy(() => [125_000, undefined, undefined]);
  const whole = sentBy(() => [125_000, 417_000, 1_417_000]);
  const paused = sentBy(() => [125_000, undefined, undefined]);
  const sound = sentBy(() => [10_000], 'audio');
  Object.assign(paused.producer, { paused: true });
  const all = [missing, whole, paused, sound];
  const watch = new BandwidthWatch(() => all.map(({ producer }) => producer));
  await pass(12);
  assert.deepEqual(missing.asked.slice(0, 3), [1_701_000, 1_700_000, 1_701_000]);
  for (const { asked } of [whole, paused, sound]) assert.deepEqual(asked, []);
  watch.close();
  const before = missing.asked.length;
  await pass(12);
  assert.equal(missing.asked.length, before);
});

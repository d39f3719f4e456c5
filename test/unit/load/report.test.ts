// From samples to figures, and from figures to a verdict.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { countOf } from '../../../client/load/dropped-datagrams.ts';
import { Histogram, percentile } from '../../../client/load/report/histogram.ts';
import { judge } from '../../../client/load/report/judge.ts';
import {
  type LoadReport,
  type ParticipantSample,
  type RunSamples,
  summarise,
} from '../../../client/load/report/summarise.ts';
import { progressLine, table } from '../../../client/load/report/table.ts';
import type { StreamSample } from '../../../client/load/rtp/stream-watch.ts';

const JOINED: ParticipantSample = {
  ...{ expectsMedia: true, joinMs: 20, firstPacketMs: 50, refusal: null, lost: null, resumes: 0 },
  ...{ refusedRequests: [], streams: [], sentPackets: 0, missedFrames: 0 },
};
const REFUSED: ParticipantSample = {
  ...{ ...JOINED, joinMs: null, firstPacketMs: null, refusal: 'room_full' },
};
const STREAM: StreamSample = {
  kind: 'audio',
  packets: 90,
  lost: 10,
  bytes: 900,
  gaps: 0,
  longestGapMs: 0,
};

function samplesOf(participants: readonly ParticipantSample[], more: Partial<RunSamples> = {}) {
  return {
    ...{ planned: participants.length, counted: participants.length, participants },
    ...{ latenessMs: [], delay: new Histogram() },
    ...{ steady: { seconds: 2, receivedBytes: 1_000, sentBytes: 500 }, ownDelayP99Ms: 0 },
    ...{ ownLoadPercent: 40, droppedDatagrams: null },
    ...more,
  } satisfies RunSamples;
}

test('a run as figures', () => {
  const delay = new Histogram();
  for (const ms of [1, 1, 1, 9]) delay.record(ms);
  const report = summarise(
    samplesOf(
      [
        { ...JOINED, sentPackets: 7, streams: [STREAM, { ...STREAM, packets: 0, lost: 0 }] },
        {
          ...JOINED,
          ...{ joinMs: 40, firstPacketMs: null, lost: 'session_lost', resumes: 2, missedFrames: 4 },
          ...{ streams: [{ ...STREAM, gaps: 2, longestGapMs: 300 }] },
          refusedRequests: ['rate_limited'],
        },
        { ...JOINED, joinMs: 30, firstPacketMs: null, expectsMedia: false },
        REFUSED,
        REFUSED,
      ],
      { planned: 6, latenessMs: [0, 100, 101], delay, droppedDatagrams: 3 },
    ),
  );
  const { delayMs, ...rest } = report;
  assert.deepEqual(rest, {
    participants: {
      planned: 6,
      counted: 5,
      joined: 3,
      refused: 2,
      lost: 1,
      resumes: 2,
      missing: 1,
    },
    joinMs: { p50: 30, p95: 40, max: 40 },
    firstPacketMs: { p50: 50, p95: 50, max: 50 },
    withoutMedia: 1,
    bitrate: { received: 4_000, sent: 2_000 },
    packets: { sent: 7, received: 180, lost: 20, lossPercent: 10 },
    streams: { received: 2, withGaps: 1, gapPercent: 50 },
    gaps: { count: 2, longestMs: 300 },
    refusals: { room_full: 2, rate_limited: 1 },
    tool: {
      lateArrivals: 1,
      missedFrames: 4,
      ownDelayP99Ms: 0,
      ownLoadPercent: 40,
      droppedDatagrams: 3,
    },
  } satisfies Omit<LoadReport, 'delayMs'>);
  assert.equal(delayMs?.max, 9);
  assert.ok(Math.abs((delayMs?.p50 ?? 0) - 1) < 0.03, `${delayMs?.p50}`);
});

test('a run in which nobody got in has no figures to be taken for good ones', () => {
  const report = summarise(samplesOf([REFUSED]));
  assert.deepEqual([report.joinMs, report.firstPacketMs, report.delayMs], [null, null, null]);
  assert.equal(report.packets.lossPercent, 0);
});

const durations = fc.array(fc.double({ min: 0.02, max: 100_000, noNaN: true }), {
  minLength: 1,
  maxLength: 300,
});

test('a percentile of the histogram is within 2 % of the exact one, and rises', () => {
  fc.assert(
    fc.property(durations, (values) => {
      const histogram = new Histogram();
      for (const value of values) histogram.record(value);
      let before = 0;
      for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
        const exact = percentile(values, share) ?? assert.fail();
        const found = histogram.percentile(share) ?? assert.fail();
        assert.ok(Math.abs(found - exact) <= exact * 0.02, `${found} for ${exact}`);
        assert.ok(found >= before);
        before = found;
      }
      assert.equal(histogram.max, Math.max(...values));
    }),
  );
});

test('nothing has no percentile, and what is out of range is kept at its end', () => {
  const histogram = new Histogram();
  assert.equal(histogram.percentile(0.5), undefined);
  assert.equal(percentile([], 0.5), undefined);
  histogram.record(0);
  histogram.record(1e9);
  assert.equal(histogram.total, 2);
  assert.equal(histogram.max, 1e9);
});

const GOOD: LoadReport = {
  participants: { planned: 2, counted: 2, joined: 2, refused: 0, lost: 0, resumes: 0, missing: 0 },
  joinMs: { p50: 1, p95: 100, max: 1 },
  firstPacketMs: { p50: 1, p95: 200, max: 1 },
  withoutMedia: 0,
  bitrate: { received: 1, sent: 1 },
  packets: { sent: 1, received: 99, lost: 1, lossPercent: 1 },
  streams: { received: 1, withGaps: 0, gapPercent: 2 },
  gaps: { count: 0, longestMs: 0 },
  delayMs: { p50: 1, p95: 50, max: 1 },
  refusals: {},
  tool: {
    lateArrivals: 0,
    missedFrames: 0,
    ownDelayP99Ms: 0,
    ownLoadPercent: 40,
    droppedDatagrams: null,
  },
};
const LIMITS = {
  ...{ refused: 0, joinP95Ms: 100, firstPacketP95Ms: 200 },
  ...{ lossPercent: 1, gapPercent: 2, delayP95Ms: 50 },
};

test('a run at its limits passes', () => {
  assert.deepEqual(judge(GOOD, LIMITS), { breaches: [], exitCode: 0 });
});

const ABOVE: readonly [Partial<LoadReport>, RegExp][] = [
  [{ participants: { ...GOOD.participants, refused: 1 } }, /^Joins refused: 1, and 0 is the limit/],
  [{ joinMs: { p50: 1, p95: 101, max: 1 } }, /^Join, p95: 101 ms, and 100 ms is/],
  [{ firstPacketMs: { p50: 1, p95: 201, max: 1 } }, /^First packet, p95: 201 ms/],
  [{ packets: { ...GOOD.packets, lossPercent: 1.01 } }, /^Packets lost: 1\.01 %/],
  [{ streams: { ...GOOD.streams, gapPercent: 2.5 } }, /^Streams with gaps: 2\.5 %/],
  [{ delayMs: { p50: 1, p95: 51, max: 1 } }, /^One-way delay, p95: 51 ms/],
  [{ withoutMedia: 3 }, /^3 received nothing/],
  [{ participants: { ...GOOD.participants, joined: 0 } }, /^Nobody got in/],
  [{ participants: { ...GOOD.participants, lost: 2 } }, /^2 fell out of the call/],
];

describe('a run above a limit fails, and says which', () => {
  for (const [change, sentence] of ABOVE) {
    test(sentence.source, () => {
      const { breaches, exitCode } = judge({ ...GOOD, ...change }, LIMITS);
      assert.equal(exitCode, 1);
      assert.equal(breaches.length, 1);
      assert.match(breaches[0] ?? '', sentence);
    });
  }
});

test('the table shows the figures, the verdict, and whether the machine kept up', () => {
  const report = { ...GOOD, refusals: { room_full: 3 } };
  const shown = table(report, judge(report, LIMITS));
  assert.match(shown, /^participants +2 of 2 joined, 0 refused$/m);
  assert.match(shown, /^refused +room_full: 3$/m);
  assert.match(shown, /^Passed\.$/m);
  assert.doesNotMatch(shown, /did not keep up/);
  const tool = {
    lateArrivals: 0,
    missedFrames: 5,
    ownDelayP99Ms: 300,
    ownLoadPercent: 90,
    droppedDatagrams: 8,
  };
  const late = table({ ...report, tool }, { breaches: ['Too bad.'], exitCode: 1 });
  assert.match(
    late,
    /did not keep up[\s\S]*300 ms late[\s\S]*90 %[\s\S]*5 frames[\s\S]*8 datagrams/,
  );
  assert.match(late, /^✗ Too bad\.$/m);
});

test('the line of progress', () => {
  const state = { elapsedMs: 61_900, planned: 550, joined: 120, refused: 3 };
  assert.equal(
    progressLine({ ...state, received: 34_200_000, sent: 900, lossPercent: 0.0213, gaps: 1 }),
    '1:01  joined 120/550  refused 3  in 34.2 Mbit/s  out 1 kbit/s  loss 0.021 %  gaps 1',
  );
});

test('dropped datagrams of both families, where the system counts them', () => {
  const v4 = 'Tcp: A B\nTcp: 1 2\nUdp: InDatagrams NoPorts RcvbufErrors\nUdp: 10 20 30\n';
  assert.equal(countOf(v4, 'Udp6InDatagrams\t5\nUdp6RcvbufErrors                \t4\n'), 34);
  assert.equal(countOf(v4, ''), 30);
  assert.equal(countOf('', ''), undefined);
});

// From timelines to scenes and windows: who is shown where, and when, to the frame.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { arrange, gridIn, type Rect, sizeOf } from '../../../../server/recording/film/layouts.ts';
import {
  type PictureLayout,
  type Scene,
  scenesOf,
} from '../../../../server/recording/film/scenes.ts';
import { spotlights } from '../../../../server/recording/film/speaker.ts';
import {
  filmMsOf,
  type Take,
  takesOf,
  totalFrames,
} from '../../../../server/recording/film/takes.ts';
import { windowLimits, windowsOf } from '../../../../server/recording/film/windows.ts';
import type { TimelineSegment } from '../../../../server/recording/manifest/segments.ts';
import type { Timeline, TimelineTrack } from '../../../../server/recording/manifest/timeline.ts';

const SIZE = sizeOf(720);

function segment(file: string, from: number, to: number): TimelineSegment {
  const times = { zeroMs: from, rate: 1, durationMs: to - from, from, to };
  return {
    file,
    codec: 'video/VP8',
    epoch: 1,
    bytes: 1,
    why: 'stopped',
    ...times,
    shownFrom: from,
    shownTo: to,
  };
}

function track(
  person: string,
  parts: [number, number][],
  rest: Partial<TimelineTrack> = {},
): TimelineTrack {
  const from = parts[0]?.[0] ?? 0;
  const to = parts.at(-1)?.[1] ?? 0;
  return {
    ...{ id: `${rest.source ?? 'camera'} of ${person}`, participantId: person, kind: 'video' },
    ...{ source: 'camera', published: [{ from, to }], muted: [], gaps: [] },
    segments: parts.map(([begin, end], index) =>
      segment(`${rest.source ?? 'camera'}-${person}-${index}`, begin, end),
    ),
    ...rest,
  };
}

function timeline(
  rest: Partial<Timeline> & { people: Record<string, [number, number]> },
): Timeline {
  const { people, ...others } = rest;
  return {
    ...{ recording: '', room: 'board', startMs: 0, endMs: 10_000, stopped: true, pauses: [] },
    participants: Object.entries(people).map(([id, [from, to]]) => ({
      id,
      names: [{ from, name: id }],
      present: [{ from, to }],
    })),
    ...{ tracks: [], speakers: [], chat: [] },
    ...others,
  };
}

function scenes(of: Timeline, layout: PictureLayout = 'grid'): Scene[] {
  const [take] = takesOf(of);
  return take === undefined ? [] : scenesOf(of, take, { layout, size: SIZE });
}

/** `0–90 ann:camera-ann-0 ben` */
const told = (all: readonly Scene[]) =>
  all.map(
    ({ from, to, tiles }) =>
      `${from}–${to} ${tiles.map(({ name, segment: shown }) => (shown ? `${name}:${shown.file}` : name)).join(' ')}`,
  );

test('people come and go at the frame, and a camera that is off is a card', () => {
  const of = timeline({
    people: { ann: [0, 10_000], ben: [3_000, 7_010] },
    tracks: [
      track('ann', [[0, 10_000]], { muted: [{ from: 4_000, to: 5_000 }] }),
      track('ben', [[3_500, 7_000]], { published: [{ from: 3_400, to: 7_010 }] }),
    ],
  });
  assert.deepEqual(told(scenes(of)), [
    '0–90 ann:camera-ann-0',
    '90–105 ann:camera-ann-0 ben',
    '105–120 ann:camera-ann-0 ben:camera-ben-0',
    '120–150 ann ben:camera-ben-0',
    '150–210 ann:camera-ann-0 ben:camera-ben-0',
    '210–300 ann:camera-ann-0',
  ]);
});

test('a gap shows the last picture for a second, then the card; a later segment takes over at once', () => {
  const lost = track('ann', [
    [0, 3_000],
    [6_000, 8_000],
    [8_000, 10_000],
  ]);
  assert.deepEqual(told(scenes(timeline({ people: { ann: [0, 10_000] }, tracks: [lost] }))), [
    '0–120 ann:camera-ann-0',
    '120–180 ann',
    '180–240 ann:camera-ann-1',
    '240–300 ann:camera-ann-2',
  ]);
  const silent = track('ann', [[0, 10_000]], { gaps: [{ from: 2_000, to: 6_000, why: 'silent' }] });
  assert.deepEqual(told(scenes(timeline({ people: { ann: [0, 10_000] }, tracks: [silent] }))), [
    '0–90 ann:camera-ann-0',
    '90–180 ann',
    '180–300 ann:camera-ann-0',
  ]);
});

test('a screen is large, with the speaker beside it; without one it is the speaker', () => {
  const of = timeline({
    people: { ann: [0, 10_000], ben: [0, 10_000] },
    tracks: [
      track('ann', [[4_000, 10_000]], {
        source: 'screen',
        published: [{ from: 4_000, to: 8_000 }],
      }),
    ],
    speakers: [{ at: 0, participantIds: ['ben'] }],
  });
  const [before, shared, after] = scenes(of, 'screen');
  assert.deepEqual(told([before!, shared!, after!]), [
    '0–12 ann ben',
    '12–120 ben ann',
    '120–240 ann:screen-ann-0 ben',
  ]);
  assert.ok(shared!.tiles[0]!.rect.width > 4 * 0.7 * shared!.tiles[1]!.rect.width * 0.9);
});

test('the speaker changes calmly', () => {
  const speak = (at: number, ...participantIds: string[]) => ({ at, participantIds });
  const changes = (...all: ReturnType<typeof speak>[]) =>
    spotlights(all).map(({ at, participantId }) => `${at} ${participantId}`);
  assert.deepEqual(changes(speak(0, 'a'), speak(200), speak(900, 'b')), ['1300 b']);
  // A yes in between changes nothing, nor does one who is louder for a moment.
  assert.deepEqual(changes(speak(0, 'a'), speak(3_000, 'b'), speak(3_300, 'a')), ['400 a']);
  assert.deepEqual(changes(speak(0, 'a'), speak(3_000, 'b', 'a'), speak(4_400, 'a')), ['400 a']);
  assert.deepEqual(changes(speak(0, 'a'), speak(3_000, 'b', 'a'), speak(6_000)), [
    '400 a',
    '4500 b',
  ]);
  // Two seconds at least.
  assert.deepEqual(changes(speak(0, 'a'), speak(500, 'b'), speak(9_000)), ['400 a', '2400 b']);
});

test('whoever speaks has a place among more people than tiles', () => {
  const names = Array.from({ length: 30 }, (_, index) => `p${String(index).padStart(2, '0')}`);
  const of = timeline({
    people: Object.fromEntries(names.map((name) => [name, [0, 10_000]])),
    speakers: [
      { at: 0, participantIds: ['p00'] },
      { at: 3_000, participantIds: ['p29'] },
    ],
  });
  const found = scenes(of).map(({ tiles }) => tiles.map(({ name }) => name));
  assert.deepEqual(
    found.map(({ length }) => length),
    [25, 25],
  );
  assert.ok(!found[0]!.includes('p29') && found[1]!.includes('p29') && found[1]!.includes('p00'));
  assert.equal(found[0]!.filter((name, index) => name !== found[1]![index]).length, 1);
});

const inside = (rect: Rect) =>
  rect.x >= 0 &&
  rect.y >= 0 &&
  rect.x + rect.width <= SIZE.width &&
  rect.y + rect.height <= SIZE.height;
const apart = (one: Rect, other: Rect) =>
  one.x + one.width <= other.x ||
  other.x + other.width <= one.x ||
  one.y + one.height <= other.y ||
  other.y + other.height <= one.y;

test('tiles are even, inside the picture, and never overlap', () => {
  for (const layout of ['grid', 'speaker', 'screen'] as const) {
    for (let people = 0; people <= 40; people++) {
      for (let screens = 0; screens <= 3; screens++) {
        const arranged = arrange(layout, { people, screens }, SIZE);
        const rects = [...arranged.screens, ...arranged.people];
        const said = `${layout} ${people} ${screens} ${JSON.stringify(rects)}`;
        if (people + screens > 0 && !(layout === 'speaker' && people === 0))
          assert.ok(rects.length > 0, said);
        for (const [index, rect] of rects.entries()) {
          const { x, y, width, height } = rect;
          assert.ok(inside(rect) && width > 60 && height > 40, said);
          assert.ok(
            [x, y, width, height].every((value) => value % 2 === 0),
            said,
          );
          for (const other of rects.slice(index + 1)) assert.ok(apart(rect, other), said);
        }
      }
    }
  }
  assert.equal(gridIn({ x: 0, y: 0, ...SIZE }, 0, 8).length, 0);
});

const edges = fc
  .tuple(fc.nat(10_000), fc.nat(10_000))
  .map(([one, other]): [number, number] => [Math.min(one, other), Math.max(one, other)]);
const anyTimeline = fc
  .record({
    people: fc.array(edges, { minLength: 1, maxLength: 6 }),
    cameras: fc.array(edges, { maxLength: 6 }),
    screens: fc.array(edges, { maxLength: 2 }),
    pauses: fc.array(edges, { maxLength: 2 }),
    speakers: fc.array(fc.tuple(fc.nat(10_000), fc.nat(5)), { maxLength: 12 }),
  })
  .map(({ people, cameras, screens, pauses, speakers }) =>
    timeline({
      people: Object.fromEntries(people.map((times, index) => [`p${index}`, times])),
      tracks: [
        ...cameras.map((times, index) => track(`p${index}`, [times])),
        ...screens.map((times, index) =>
          track(`p${index}`, [times], { source: 'screen' as const }),
        ),
      ],
      pauses: pauses.map(([from, to]) => ({ from, to })),
      speakers: speakers
        .toSorted(([one], [other]) => one - other)
        .map(([at, person]) => ({ at, participantIds: [`p${person}`] })),
    }),
  );

test('scenes cover each take, windows cover the scenes, to the frame', () => {
  const layouts = fc.constantFrom<PictureLayout>('grid', 'speaker', 'screen');
  const limits = fc.record({
    frames: fc.integer({ min: 20, max: 400 }),
    scenes: fc.integer({ min: 1, max: 5 }),
    inputs: fc.integer({ min: 1, max: 6 }),
  });
  fc.assert(
    fc.property(anyTimeline, layouts, limits, (of, layout, limit) => {
      const takes = takesOf(of);
      for (const take of takes) {
        const all = scenesOf(of, take, { layout, size: SIZE });
        let at = 0;
        for (const { from, to } of all) {
          assert.equal(from, at);
          assert.ok(to > from);
          at = to;
        }
        assert.equal(at, take.frames);
        const windows = windowsOf(take, all, limit);
        assert.equal(totalFrames(windows as unknown as Take[]), take.frames);
        for (const window of windows) {
          assert.ok(window.frames > 0 && window.frames <= limit.frames);
          assert.ok(window.scenes.length <= limit.scenes);
          assert.equal(window.scenes[0]?.from, 0);
          assert.equal(window.scenes.at(-1)?.to, window.frames);
        }
      }
    }),
  );
});

test('what was paused is cut out of the film’s time', () => {
  const takes = takesOf({ startMs: 1_000, endMs: 11_000, pauses: [{ from: 3_000, to: 8_000 }] });
  assert.equal(totalFrames(takes), 150);
  assert.deepEqual(
    [0, 1_000, 2_500, 3_000, 5_000, 8_000, 9_000, 20_000].map((ms) =>
      Math.round(filmMsOf(takes, ms)),
    ),
    [0, 0, 1_500, 2_000, 2_000, 2_000, 3_000, 5_000],
  );
});

test('each of several threads has windows to render, and none is longer than a minute', () => {
  assert.equal(windowLimits(108_000, 2).frames, 1_800);
  assert.equal(windowLimits(3_600, 1).frames, 1_800);
  assert.equal(windowLimits(5_400, 2).frames, 1_350);
  assert.equal(windowLimits(900, 2).frames, 450);
  assert.equal(windowLimits(60, 2).frames, 300);
});

// What is written on films: whatever people are called, it is shown as text and breaks nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { takesOf } from '../../../../server/recording/film/takes.ts';
import {
  chaptersOf,
  cuesOf,
  metadata,
  webVtt,
} from '../../../../server/recording/film/text/captions.ts';
import {
  assText,
  initialsOf,
  shortened,
} from '../../../../server/recording/film/text/lettering.ts';
import { cards, names } from '../../../../server/recording/film/text/titles.ts';
import type { Timeline } from '../../../../server/recording/manifest/timeline.ts';

const INITIALS: [string, string][] = [
  ['Ann Miller', 'AM'],
  ['ann', 'A'],
  ['Ann Maria von Trapp', 'AT'],
  ['  (Bob)  ', 'B'],
  ['李小龍', '李'],
  ['بن العربي', 'ب'],
  ['Ольга Иванова', 'ОИ'],
  ['🎉 party', '🎉'],
  ['👩‍👩‍👧 Family', '👩‍👩‍👧'],
  ['...', ''],
  ['', ''],
];
for (const [name, initials] of INITIALS) {
  test(`the initials of “${name}” are “${initials}”`, () =>
    assert.equal(initialsOf(name), initials));
}

test('long names are cut between characters', () => {
  assert.equal(shortened('Ann', 10), 'Ann');
  assert.equal(shortened('👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧', 2.5), '👩‍👩‍👧👩‍👩‍👧…');
  assert.equal(shortened('a\n b\u2028c\u0000d', 99), 'a b c d');
  assert.ok([...shortened(`a${'\u0301'.repeat(500)}`, 99)].length < 20);
});

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(
      '{',
      '}',
      '\\',
      'N',
      'p1',
      ',',
      ';',
      "'",
      ':',
      '%',
      '[',
      '-->',
      '<',
      '&',
      '\n',
      '=',
    ),
    maxLength: 20,
  }),
);

test('no name opens a command, a line or a field of an ASS file', () => {
  fc.assert(
    fc.property(text, (name) => {
      const shown = assText(shortened(name, 40));
      assert.doesNotMatch(shown, /[\r\n]/);
      assert.doesNotMatch(shown, /(^|[^\\]){/);
      assert.doesNotMatch(shown, /\\[^{}\u2060]/);
      const scene = {
        from: 0,
        to: 30,
        tiles: [
          {
            ...{ participantId: 'p', name, isScreen: false },
            rect: { x: 8, y: 8, width: 400, height: 300 },
          },
        ],
      };
      const size = { width: 640, height: 360 };
      for (const file of [names([scene], size), cards([scene], size)]) {
        const [, events = ''] = file.split('[Events]\n');
        const [format = '', ...lines] = events.trimEnd().split('\n');
        assert.match(format, /^Format: /);
        for (const line of lines)
          assert.match(line, /^Dialogue: \d,0:00:00\.00,0:00:01\.00,\w+,,0,0,0,,\{/);
      }
    }),
  );
});

const of = (rest: Partial<Timeline>): Timeline => ({
  ...{ recording: '', room: 'board', startMs: 0, endMs: 60_000, stopped: true, pauses: [] },
  ...{ participants: [], tracks: [], speakers: [], chat: [] },
  ...rest,
});

test('chat is cues that do not overlap, of whole lines', () => {
  const messages = fc.array(fc.record({ at: fc.nat(60_000), name: text, text }), { maxLength: 8 });
  fc.assert(
    fc.property(messages, (chat) => {
      const timeline = of({ chat: chat.toSorted((one, other) => one.at - other.at) });
      const cues = cuesOf(timeline, takesOf(timeline));
      for (const [index, { fromMs, toMs, lines }] of cues.entries()) {
        assert.ok(fromMs < toMs && toMs <= 60_000 && lines.length <= 3);
        assert.ok(fromMs >= (cues[index - 1]?.toMs ?? 0));
      }
      const blocks = webVtt(cues).trimEnd().split('\n\n');
      assert.equal(blocks.length, 1 + cues.length);
      for (const [index, block] of blocks.slice(1).entries()) {
        const [stamps, ...lines] = block.split('\n');
        assert.match(stamps ?? '', /^\d\d:\d\d:\d\d\.\d{3} --> \d\d:\d\d:\d\d\.\d{3}$/);
        assert.equal(lines.length, cues[index]?.lines.length);
        for (const line of lines) assert.doesNotMatch(line, /-->|<|>/);
      }
    }),
  );
});

test('chapters are there only with screens, and cover the film', () => {
  assert.deepEqual(chaptersOf(of({}), takesOf(of({}))), []);
  const screen = (from: number, to: number, person = 'p'): Timeline['tracks'][number] => ({
    ...{
      id: `s${from}`,
      participantId: person,
      kind: 'video',
      source: 'screen',
      muted: [],
      gaps: [],
    },
    published: [{ from, to }],
    segments: [
      {
        ...{ file: `s${from}`, codec: 'video/VP8', epoch: 1, zeroMs: from, rate: 1, bytes: 1 },
        ...{ durationMs: to - from, why: 'stopped', from, to, shownFrom: from, shownTo: to },
      },
    ],
  });
  const timeline = of({
    participants: [{ id: 'p', names: [{ from: 0, name: 'P=1;\n#\\' }], present: [] }],
    tracks: [
      screen(1_000, 20_000),
      screen(18_000, 30_000),
      screen(40_000, 41_000),
      screen(50_000, 59_500),
    ],
  });
  const chapters = chaptersOf(timeline, takesOf(timeline));
  assert.deepEqual(
    chapters.map(({ fromMs, toMs, title }) => [fromMs, toMs, title[0]]),
    [
      [0, 18_000, 'S'],
      [18_000, 30_000, 'S'],
      [30_000, 50_000, 'C'],
      [50_000, 60_000, 'S'],
    ],
  );
  const file = metadata('a=b', 0, chapters);
  assert.match(file, /^;FFMETADATA1\ntitle=a\\=b\n/);
  assert.match(file, /title=Screen of P\\=1\\; \\#\\\\\n/);
});

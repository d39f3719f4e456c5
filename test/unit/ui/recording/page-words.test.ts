// The Recordings page in words: times, sizes, names, states, films, and what is missing.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  codecText,
  durationText,
  expiryText,
  filmNews,
  filmState,
  filmTitle,
  gapText,
  lengthText,
  namesText,
  noFilmText,
  percentText,
  sizeText,
  stateOf,
  trackTitle,
  whenText,
} from '../../../../client/ui/recordings/data/words.ts';
import { film, gap, recorded } from '../../../support/browser/recordings/fake-recordings.ts';

const UTC = 'UTC';
const AT = Date.UTC(2026, 10, 28, 18, 45, 12);

test('a time is a date and a time of day, alike in every browser', () => {
  assert.equal(whenText(AT, UTC), '28 November 2026, 18:45');
  assert.equal(whenText(AT, 'Asia/Tokyo'), '29 November 2026, 03:45');
  assert.equal(expiryText(AT / 1000, UTC), 'It works until 28 November 2026, 18:45.');
});

test('durations', () => {
  const cases: [ms: number, text: string][] = [
    [-1, '0 s'],
    [400, '0 s'],
    [45_000, '45 s'],
    [59_499, '59 s'],
    [59_500, '1 min'],
    [720_000, '12 min'],
    [3_599_000, '1 h'],
    [3_720_000, '1 h 2 min'],
    [28_800_000, '8 h'],
  ];
  for (const [ms, text] of cases) assert.equal(durationText(ms), text);
});

test('sizes', () => {
  const cases: [bytes: number, text: string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1_000, '1.0 kB'],
    [61_234_567, '61.2 MB'],
    [999_600_000, '1.0 GB'],
    [241_000_000, '241 MB'],
    [5e15, '5000 TB'],
  ];
  for (const [bytes, text] of cases) assert.equal(sizeText(bytes), text);
});

test('every size has four digits and a unit at most', () => {
  fc.assert(
    fc.property(fc.nat(9e14), (bytes) => {
      assert.match(sizeText(bytes), /^(\d{1,3}|\d\d?\.\d) (B|kB|MB|GB|TB)$/);
    }),
  );
});

test('names', () => {
  assert.equal(namesText([]), 'Nobody');
  assert.equal(namesText(['Ann']), 'Ann');
  assert.equal(namesText(['Ann', 'Bo']), 'Ann and Bo');
  assert.equal(namesText(['Ann', 'Bo', 'Chiara']), 'Ann, Bo and Chiara');
  assert.equal(namesText(['Ann', 'Bo', 'Chiara', 'Dmitri']), 'Ann, Bo, Chiara and 1 other');
  assert.equal(namesText(['a', 'b', 'c', 'd', 'e']), 'a, b, c and 2 others');
});

test('a recording that runs is as long as until now', () => {
  const over = recorded(0);
  assert.equal(lengthText(over, over.startedAt + 1e9), '42 min');
  const running = recorded(0, { state: 'running', endedAt: null });
  assert.equal(lengthText(running, running.startedAt + 720_000), '12 min so far');
  const finishing = recorded(0, { state: 'finishing', endedAt: null });
  assert.equal(lengthText(finishing, finishing.startedAt + 720_000), '12 min');
});

test('each state has a word of its own', () => {
  const states = ['running', 'paused', 'finishing', 'ready'] as const;
  const words = states.map((state) => stateOf({ state }).text);
  assert.deepEqual(words, ['Recording now', 'Recording paused', 'Being prepared', 'Ready']);
});

describe('films', () => {
  test('are called by what they are', () => {
    assert.equal(filmTitle(film('1')), 'Grid, MP4');
    const other = film('1', { layout: 'audio', format: 'webm', chat: true });
    assert.equal(filmTitle(other), 'Sound only, WebM, with the chat');
  });

  test('say how far they are, and why they failed', () => {
    const text = (change: Parameters<typeof film>[1]) => filmState(film('1', change)).text;
    assert.equal(text({}), 'Waits for its turn');
    assert.equal(text({ state: 'rendering', progress: 0.429 }), 'Being made, 42 %');
    assert.equal(text({ state: 'ready', bytes: 61_200_000 }), '61.2 MB');
    assert.equal(text({ state: 'ready' }), 'Ready');
    assert.equal(text({ state: 'cancelled' }), 'Cancelled');
    assert.equal(
      text({ state: 'failed', problem: 'The disk is full.' }),
      'It could not be made. The disk is full.',
    );
    assert.match(text({ state: 'failed' }), /Try again/);
  });

  test('a share is never above 100 %', () => {
    assert.deepEqual([-1, 0, 0.999, 1, 7].map(percentText), [
      '0 %',
      '0 %',
      '99 %',
      '100 %',
      '100 %',
    ]);
  });

  test('that are over are said, once', () => {
    const films = (state: 'rendering' | 'ready' | 'failed') =>
      recorded(0, { films: [film('1', { state })] });
    assert.deepEqual(filmNews(films('rendering'), films('ready')), [
      'The film Grid, MP4 is ready.',
    ]);
    assert.deepEqual(filmNews(films('rendering'), films('failed')), [
      'The film Grid, MP4 could not be made.',
    ]);
    assert.deepEqual(filmNews(films('ready'), films('ready')), []);
    assert.deepEqual(filmNews(undefined, films('ready')), []);
  });

  test('where there is none to see, the reason is said', () => {
    assert.match(noFilmText({ state: 'running' }, []), /still being recorded/);
    assert.match(noFilmText({ state: 'ready' }, [film('1')]), /being made/);
    assert.match(noFilmText({ state: 'finishing' }, []), /put in order/);
    assert.match(noFilmText({ state: 'ready' }, []), /no film yet/);
  });
});

test('tracks are called by who sent what', () => {
  const title = trackTitle({ participant: 'Ann', source: 'screen-audio' });
  assert.equal(title, 'Ann, sound of the screen');
  assert.equal(codecText('video/VP8'), 'VP8');
  assert.equal(codecText('audio/opus'), 'Opus');
  assert.equal(codecText('odd'), 'odd');
});

test('gaps say who, what, when, how long, and why', () => {
  const text = (why: string) => gapText(gap({ why }), UTC);
  const what = 'Ann, camera: 18:46:12 to 18:46:13 (1.6 s). ';
  assert.equal(text('lost'), `${what}A part of the server was lost. Recording went on elsewhere.`);
  assert.equal(text('declined'), `${what}Ann had not agreed to be recorded.`);
  assert.equal(text('disk'), `${what}The server’s disk was full, or could not be written.`);
  assert.equal(text('silent'), `${what}Nothing arrived from Ann.`);
  // A newer server may know other reasons.
  assert.equal(text('the store was slow'), `${what}the store was slow.`);
  assert.equal(text('The store was slow.'), `${what}The store was slow.`);
});

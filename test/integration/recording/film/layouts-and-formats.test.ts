// Films of a call of three in every layout and format: in sync, of the right length, with chapters and subtitles.
import assert from 'node:assert/strict';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import type { ManifestLine } from '../../../../server/recording/manifest/lines.ts';
import { FILM_FORMATS, FILM_LAYOUTS } from '../../../../shared/recording/recording.ts';
import { programPath } from '../../../support/process/programs.ts';
import { output } from '../../../support/recording/film/child.ts';
import {
  beeps,
  type Pictures,
  pictures,
  probed,
  type Rgb,
  sound,
} from '../../../support/recording/film/measured.ts';
import { PEOPLE, recordCallOfThree, TIMES } from './call-of-three.ts';
import { order, render, scratchFolder } from './scratch.ts';

const IN_SYNC_MS = 40;
const FRAMES = 12 * 30;

function assertEach(found: readonly number[], seconds: readonly number[], what: string) {
  const said = `${what}: ${found.map(Math.round).join(', ')}`;
  assert.equal(found.length, seconds.length, said);
  for (const [index, second] of seconds.entries()) {
    assert.ok(Math.abs((found[index] ?? 0) - second * 1_000) < IN_SYNC_MS, said);
  }
}

const secondsFrom = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

function assertColour(film: Pictures, seconds: number, [x, y]: [number, number], colour: string) {
  const wanted = [2, 4, 6].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  const found: Rgb = film.at(Math.round(seconds * 30), x, y);
  const far = found.some((value, index) => Math.abs(value - (wanted[index] ?? 0)) > 24);
  assert.ok(!far, `at ${seconds} s, ${x}/${y}: ${found} is not ${wanted}`);
}

/** A card, a margin: nothing of a camera. */
function assertDark(film: Pictures, seconds: number, [x, y]: [number, number]) {
  const found = film.at(Math.round(seconds * 30), x, y);
  assert.ok(Math.max(...found) < 70, `at ${seconds} s, ${x}/${y}: ${found} is not dark`);
}

const { ann, ben, cid } = PEOPLE;
const YELLOW = '0xc0a020';
const LEFT: [number, number] = [0.25, 0.5];
const RIGHT: [number, number] = [0.75, 0.5];

/** Where colours are looked at: away from initials and names. */
const EXPECTATIONS: Record<'grid' | 'speaker' | 'screen', (film: Pictures) => void> = {
  grid(film) {
    assertColour(film, 1.5, LEFT, ann.colour);
    assertColour(film, 1.5, RIGHT, cid.colour);
    // Ben comes at 3 s, to the frame of his first picture.
    assertColour(film, 2.9, RIGHT, cid.colour);
    assertColour(film, 3.5, [0.25, 0.25], ann.colour);
    assertColour(film, 3.5, [0.75, 0.25], cid.colour);
    assertColour(film, 3.5, [0.5, 0.75], ben.colour);
    // Ann's screen takes most of it, between four and ten seconds, in both of its sizes.
    assertColour(film, 4.5, [0.38, 0.5], YELLOW);
    assertColour(film, 7.7, [0.38, 0.5], YELLOW);
    assertDark(film, 7.7, [0.1, 0.5]);
    assertColour(film, 9.5, [0.38, 0.5], YELLOW);
    // Cid has left at 7 s; Ben's picture is lost from 6.2 to 8.4, and stays a second.
    assertColour(film, 7.15, [0.92, 0.65], ben.colour);
    assertDark(film, 7.5, [0.9, 0.56]);
    assertDark(film, 8.3, [0.9, 0.56]);
    assertColour(film, 8.6, [0.92, 0.65], ben.colour);
    assertColour(film, 11.5, LEFT, ann.colour);
    assertColour(film, 11.5, RIGHT, ben.colour);
  },
  speaker(film) {
    const main: [number, number] = [0.4, 0.5];
    assertColour(film, 1.5, main, ann.colour);
    assertColour(film, 3.7, main, ann.colour);
    assertColour(film, 4.5, main, ben.colour);
    assertColour(film, 11.5, main, ben.colour);
    assertColour(film, 11.5, [0.9, 0.43], ann.colour);
  },
  screen(film) {
    const main: [number, number] = [0.4, 0.5];
    assertColour(film, 3.7, main, ann.colour);
    assertColour(film, 5.5, main, YELLOW);
    assertColour(film, 5.5, [0.9, 0.43], ben.colour);
    assertColour(film, 9.5, main, YELLOW);
    assertColour(film, 11.5, main, ben.colour);
  },
};

describe('a film of three', () => {
  let folder: string;
  let lines: ManifestLine[];
  before(async () => {
    folder = await scratchFolder();
    lines = await recordCallOfThree(folder);
  });

  for (const layout of FILM_LAYOUTS) {
    for (const format of FILM_FORMATS) {
      test(`${layout}, as ${format}`, async () => {
        const fractions: number[] = [];
        const film = await render(folder, lines, {
          order: order({ layout, format, chat: true }),
          onProgress: (fraction) => fractions.push(fraction),
        });
        assert.deepEqual(film.problems, []);
        assert.equal(film.durationMs, 12_000);
        assert.equal(path.extname(film.path), `.${format}`);
        assert.ok(fractions.length > 2 && fractions.at(-1) === 1);
        assert.deepEqual(
          fractions,
          fractions.toSorted((one, other) => one - other),
        );

        const { durationMs, streams, chapters, tags } = await probed(film.path);
        assert.ok(Math.abs(durationMs - 12_000) < 1_000 / 30, `${durationMs}`);
        assert.equal(tags.title, 'board');
        const [video] = streams.filter(({ type }) => type === 'video');
        const codecs = format === 'mp4' ? 'h264 aac mov_text' : 'vp9 opus webvtt';
        assert.deepEqual(
          streams.map(({ codec }) => codec).filter((codec) => codec !== 'bin_data'),
          codecs.split(' ').slice(layout === 'audio' ? 1 : 0),
        );
        assert.deepEqual(
          chapters.map(({ fromMs, title }) => [fromMs, title]),
          [
            [0, 'Conversation'],
            [4_000, `Screen of ${ann.name}`],
            [10_000, 'Conversation'],
          ],
        );

        const heard = await sound(film.path);
        assertEach(beeps(heard, ann.tone), secondsFrom(1, 12), 'beeps of Ann');
        assertEach(beeps(heard, ben.tone), secondsFrom(TIMES.ben[0] + 1, 12), 'beeps of Ben');
        assertEach(beeps(heard, cid.tone), secondsFrom(1, TIMES.cid[1]), 'beeps of Cid');

        if (layout === 'audio') return;
        assert.deepEqual([video?.frames, video?.width, video?.height], [FRAMES, 320, 180]);
        const seen = await pictures(film.path, 320, 180);
        assert.equal(seen.frames, FRAMES);
        // A place that shows Ann, Ben or the screen all the time.
        assertEach(seen.flashes(0.3, 0.4), secondsFrom(1, 12), 'flashes');
        EXPECTATIONS[layout](seen);
      });
    }
  }

  test('has the chat as subtitles, with what looks like markup', async () => {
    for (const format of FILM_FORMATS) {
      const film = await render(folder, lines, { order: order({ format, chat: true }) });
      const text = await output(programPath('ffmpeg'), [
        ...[
          '-nostdin',
          '-loglevel',
          'error',
          '-i',
          film.path,
          '-map',
          '0:s:0',
          '-f',
          'webvtt',
          '-',
        ],
      ]);
      const decoded = text
        .toString()
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('\u2060', '')
        // ffmpeg escapes braces, for MP4.
        .replaceAll(/\\(?=[{}])/g, '');
      // WebM begins with the 7 ms that Opus needs before its first sound.
      assert.match(decoded, /00:02\.0[012]\d --> 00:08\.0[012]\d/);
      assert.match(decoded, /Hello <b>all<\/b> (&|&amp;) \{\\i1\}/);
    }
  });
});

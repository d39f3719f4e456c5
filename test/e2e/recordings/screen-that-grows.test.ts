// A shared window that changes its size while it is recorded: both sizes are in the files, and in the film.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { IndexEntry } from '../../../server/recording/catalog/entry.ts';
import type { VideoCodec } from '../../../shared/media/media.ts';
import { installAbleDevice } from '../../support/browser/hooks/codec-hooks.ts';
import { story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { programPath } from '../../support/process/programs.ts';
import { until } from '../../support/process/until.ts';
import { pictures, type Rgb } from '../../support/recording/film/measured.ts';
import {
  indexIn,
  probe,
  recordFolder,
  trackFile,
  tracksIn,
} from '../../support/recording/recorded.ts';

declare global {
  interface Window {
    /** Changes the size of the shared window, and its colour. */
    redrawScreen(width: number, height: number, colour: string): void;
  }
}

interface Look {
  width: number;
  height: number;
  colour: string;
}

/** Upright, and then wide and larger: a film shows each in its shape. */
const UPRIGHT: Look = { width: 300, height: 400, colour: 'rgb(200 160 30)' };
const WIDE: Look = { width: 800, height: 480, colour: 'rgb(30 60 200)' };
const FILM = { withinMs: 150_000 };
/** Of a file that has some seconds of a picture. */
const SOME_PACKETS = 20;
const SOME_FRAMES = 15;
/** Of the film: within the screen whatever its shape, and where there is a wide one alone. */
const MIDDLE = [0.4, 0.5] as const;
const LEFT = [0.08, 0.5] as const;

const run = promisify(execFile);

/** The screen is a drawing. Must not refer to anything outside itself. */
function installScreen(look: Look): void {
  const canvas = document.createElement('canvas');
  let now = look;
  Object.assign(canvas, { width: look.width, height: look.height });
  const context = canvas.getContext('2d');
  setInterval(() => {
    if (!context) return;
    context.fillStyle = now.colour;
    context.fillRect(0, 0, canvas.width, canvas.height);
    // The browser's estimate of the bandwidth grows with what is sent: frames of one colour would keep the larger layer
    // back for good. What moves leaves the middle free.
    for (let n = 0; n < 40; n++) {
      const y = (n % 2 === 0 ? 0 : 0.65) + 0.3 * Math.random();
      context.fillStyle = `hsl(${Math.random() * 360} 80% 50%)`;
      context.fillRect(Math.random() * canvas.width, y * canvas.height, 40, 20);
    }
  }, 100);
  navigator.mediaDevices.getDisplayMedia = async () => canvas.captureStream(10);
  window.redrawScreen = (width, height, colour) => {
    now = { width, height, colour };
    Object.assign(canvas, { width, height });
  };
}

/** Decodes the whole file. @returns the sizes of its frames, each once @throws when there is an error in it */
async function sizesIn(file: string, codec: VideoCodec): Promise<string[]> {
  // ffmpeg's own decoder of VP9 has no layers.
  const decoder = codec === 'VP9' ? ['-c:v', 'libvpx-vp9'] : [];
  const args = ['-hide_banner', '-nostdin', '-nostats', '-xerror', ...decoder, '-i', file];
  const { stderr } = await run(
    programPath('ffmpeg'),
    [...args, '-vf', 'showinfo', '-f', 'null', '-'],
    { maxBuffer: 64 * 1_048_576 },
  );
  const sizes = [...stderr.matchAll(/showinfo.* s:(\d+)x(\d+)/g)];
  return [...new Set(sizes.map(([, width, height]) => `${width},${height}`))];
}

const sizeOf = ({ width, height }: Look) => `${width},${height}`;

function isLike(found: Rgb, { colour }: Look): boolean {
  const wanted = [...colour.matchAll(/\d+/g)].map(([text]) => Number(text));
  return found.every((value, index) => Math.abs(value - (wanted[index] ?? 0)) < 40);
}

// H264 has layers as VP8 has them, streams of their own, and AV1 as VP9 has them.
for (const codec of ['VP8', 'VP9'] as const) {
  story(
    `a shared window that changes its size is recorded in both, in ${codec}`,
    async (scene, context) => {
      const folder = await recordFolder(context);
      const parley = await scene.parley({
        ...{ RECORD_ENABLED: '1', RECORD_DIR: folder },
        ...{ RECORD_FILMS: 'screen', RECORD_FILM_HEIGHT: '180', VIDEO_CODECS: `${codec},vp8` },
      });
      const sol = await scene.person('Sol');
      await sol.page.addInitScript(installAbleDevice);
      await sol.page.addInitScript(installScreen, UPRIGHT);
      await sol.join(parley.room('sizes'));

      /** Waits until a file of this size has some seconds. */
      const recorded = (look: Look) =>
        until(
          `a file of ${sizeOf(look)}`,
          async () => {
            const [entry] = await indexIn(folder);
            assert.ok(entry);
            const screens = (await tracksIn(folder)).filter((name) => name.includes('-screen-'));
            const files = screens.map((name) => trackFile(folder, entry, name));
            const sizes = await Promise.all(
              files.map(async (file) => {
                if ((await stat(file)).size < 1_000) return 'nothing';
                const { width, height, times } = await probe(file);
                return times.length >= SOME_PACKETS ? `${width},${height}` : `${times.length}`;
              }),
            );
            assert.ok(sizes.includes(sizeOf(look)), sizes.join(' '));
          },
          { withinMs: DEADLINES.mediaRebuilt },
        );

      await scene.step('an upright window is recorded', async () => {
        await sol.page.getByRole('button', { name: 'Record', exact: true }).click();
        await sol.toggle('Share screen', true);
        await recorded(UPRIGHT);
      });

      await scene.step('and goes on as a wide one', async () => {
        const { width, height, colour } = WIDE;
        await sol.page.evaluate(
          (look) => window.redrawScreen(look.width, look.height, look.colour),
          { width, height, colour },
        );
        await recorded(WIDE);
      });

      let entry: IndexEntry | undefined;
      await scene.step('its files play, each in one size, without a gap', async () => {
        await sol.page.getByRole('button', { name: 'Record', exact: true }).click();
        await sol.page.getByRole('menuitem', { name: /^Stop/ }).click();
        await until(
          'the film',
          async () => {
            [entry] = await indexIn(folder);
            assert.equal(entry?.films?.length, 1);
          },
          FILM,
        );
        assert.ok(entry);
        const screens = entry.files.filter(({ source }) => source === 'screen');
        const sizes: string[] = [];
        for (const { name, durationMs } of screens) {
          const found = await sizesIn(trackFile(folder, entry, name), codec);
          scene.note(`${name}: ${found.join(' ')}, ${durationMs} ms`);
          assert.equal(found.length, 1, name);
          sizes.push(...found);
        }
        assert.equal(sizes[0], sizeOf(UPRIGHT));
        assert.equal(sizes.at(-1), sizeOf(WIDE));
        assert.deepEqual(
          entry.gaps.filter(({ source }) => source === 'screen'),
          [],
        );
      });

      await scene.step('the film shows each in its shape', async () => {
        assert.ok(entry);
        const file = `${folder}/${entry.folder}/films/${entry.films?.[0]?.name}`;
        const film = await pictures(file, 320, 180);
        const frames = Array.from({ length: film.frames }, (_, n) => ({
          middle: film.at(n, ...MIDDLE),
          left: film.at(n, ...LEFT),
        }));
        const upright = frames.filter(({ middle }) => isLike(middle, UPRIGHT));
        const wide = frames.filter(({ middle }) => isLike(middle, WIDE));
        scene.note(`${frames.length} frames, ${upright.length} upright, ${wide.length} wide`);
        assert.ok(upright.length > SOME_FRAMES && wide.length > SOME_FRAMES);
        assert.ok(
          upright.every(({ left }) => Math.max(...left) < 70),
          'beside it nothing is shown',
        );
        assert.ok(wide.filter(({ left }) => isLike(left, WIDE)).length > SOME_FRAMES);
      });
    },
  );
}

// `npm run bench:sharp`: how soon a picture is sharp that is enlarged, shown again or unmuted.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Participant } from '../../test/support/browser/participant.ts';
import { startFilmed } from '../filmed.ts';
import { wholeNumber } from '../whole-number.ts';
import { installPictureWatch } from './picture-watch.ts';
import { type Sharpness, sharpness } from './sharpness.ts';

const CAMERA = { width: 1_280, height: 720 };
const FILM = { ...CAMERA, framesPerSecond: 15, frames: 30 };
/** A phone: small tiles. */
const SMALL = { width: 400, height: 700 };
const LARGE = { width: 1_680, height: 1_050 };
/** So long nobody looks at the large picture: its sender and mediasoup have given it up. */
const GIVEN_UP_MS = 6_000;
const WATCH_MS = 4_500;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      trials: { type: 'string', default: '5' },
      scenes: { type: 'string', default: 'enlarged,hidden,unmuted' },
    },
  });
  const trials = wholeNumber('trials', values.trials);
  await using stack = new AsyncDisposableStack();
  const { parley, chromium } = await startFilmed(stack, FILM);
  for (const scene of values.scenes.split(',')) {
    if (!isScene(scene)) throw new Error(`There is no scene "${scene}".`);
    const url = parley.room(scene);
    const join = async (name: string, viewport: typeof SMALL, camera = false) => {
      const page = await chromium.newPage({ viewport });
      await page.addInitScript(installPictureWatch, CAMERA);
      const participant = new Participant(name, page);
      await participant.join(url);
      if (!camera) await participant.toggle('Camera', false);
      return participant;
    };
    const sender = await join('Sender', SMALL, true);
    const other = await join('Other', SMALL);
    const viewer = await join('Viewer', LARGE);
    const results: Sharpness[] = [];
    for (let trial = 0; trial < trials; trial += 1) {
      const sinceMs = await SCENES[scene](viewer, sender);
      await sleep(WATCH_MS);
      const frames = await viewer.page.evaluate(
        ([name, since]) => window.pictures.frames(name, since),
        ['Sender', sinceMs] as const,
      );
      const result = sharpness(frames, sinceMs);
      if (result) results.push(result);
      else console.log(`${scene}: no frame was shown`);
    }
    print(scene, results);
    for (const { page } of [sender, other, viewer]) await page.context().close();
  }
}

/** Each changes what the viewer sees. @returns when, UTC milliseconds */
const SCENES = {
  /** A window is enlarged, with the tile in it, while another participant sees it small. */
  async enlarged({ page }: Participant): Promise<number> {
    await page.setViewportSize(SMALL);
    await sleep(GIVEN_UP_MS);
    const sinceMs = Date.now();
    await page.setViewportSize(LARGE);
    return sinceMs;
  },
  async hidden({ page }: Participant): Promise<number> {
    await page.evaluate(() => window.pictures.hide(true));
    await sleep(GIVEN_UP_MS);
    return page.evaluate(() => window.pictures.hide(false));
  },
  async unmuted(_: Participant, sender: Participant): Promise<number> {
    await sender.toggle('Camera', false);
    await sleep(GIVEN_UP_MS);
    const sinceMs = Date.now();
    await sender.button('Camera').click();
    return sinceMs;
  },
};

function isScene(name: string): name is keyof typeof SCENES {
  return Object.hasOwn(SCENES, name);
}

function print(scene: string, results: readonly Sharpness[]): void {
  const list = (of: (result: Sharpness) => number) => results.map(of).join(', ');
  console.log(
    `${scene}: height ${list(({ height }) => height)}; first frame ${list(({ firstMs }) => firstMs)} ms; ` +
      `sharp ${list(({ sharpMs }) => sharpMs)} ms; longest standstill ${list(({ stillMs }) => stillMs)} ms`,
  );
}

await main();
process.exit(0);

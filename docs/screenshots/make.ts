// Takes the screenshots in this folder: the real server, real calls in Chromium, painted people.
// `node docs/screenshots/make.ts` takes all, with names of scenes only those (`networkCheck`, say).
// Needs Chromium, and coturn for the network check; with ffmpeg the pictures become much smaller.

import { execFile } from 'node:child_process';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { Chromium } from '../../test/support/browser/chromium.ts';
import { until } from '../../test/support/process/until.ts';
import { Parley } from '../../test/support/server/parley.ts';
import { startCoturn } from '../../test/support/turn/coturn.ts';
import { ACTORS } from './actors.ts';
import { installPainter } from './portraits.ts';
import { installActor } from './stand-ins.ts';

const ME = 'Nairobi';
const OTHERS = ['Oslo', 'Lima', 'Kyoto', 'Pune'] as const;
const WIDE: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
};
/** The others are not photographed: small pictures do, and leave the processor to the encoders. */
const BACKGROUND: BrowserContextOptions = { viewport: { width: 800, height: 600 } };
const LOUD: BrowserContextOptions = { ...WIDE, colorScheme: 'light' };
/** Simulcast starts low; a sharp picture has at least this many lines for each of its tile's. */
const SHARP = 0.55;
const SHARP_WITHIN_MS = 30_000;

class Studio {
  readonly #chromium: Chromium;
  readonly parley: Parley;

  constructor(chromium: Chromium, parley: Parley) {
    this.#chromium = chromium;
    this.parley = parley;
  }

  async page(
    actorName: string,
    options: BrowserContextOptions,
    loud = options === LOUD,
  ): Promise<Page> {
    const page = await this.#chromium.newPage(options);
    const actor = ACTORS[actorName];
    if (!actor) throw new Error(`Nobody is called ${actorName}.`);
    const upright = options.isMobile === true;
    // Alone before the camera, everybody says something, to see whether the level moves.
    const speaks = actor.speaks === true || loud;
    const looks = { ...actor, upright, speaks };
    await page.addInitScript(installPainter, looks);
    await page.addInitScript(installActor, looks);
    return page;
  }

  async open(name: string, room: string, options: BrowserContextOptions): Promise<Page> {
    const page = await this.page(name, options);
    await page.goto(this.parley.room(room));
    await page.getByRole('textbox', { name: 'Your name' }).fill(name);
    return page;
  }

  async join(name: string, room: string, options: BrowserContextOptions): Promise<Page> {
    const page = await this.open(name, room, options);
    await enter(page);
    return page;
  }
}

async function enter(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Join', exact: true }).click();
  await page.getByRole('button', { name: 'Leave' }).waitFor();
}

/** Waits for every picture on the page to be sharp, then takes it. */
async function shoot(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  await sharp(page);
  const file = join(import.meta.dirname, `${name}.png`);
  await page.screenshot({ path: file });
  await compress(file);
  const { size } = await stat(file);
  console.log(`${name}.png  ${Math.round(size / 1000)} kB`);
}

async function sharp(page: Page): Promise<void> {
  const lines = () =>
    page
      .locator('video')
      .evaluateAll((videos) =>
        (videos as HTMLVideoElement[]).flatMap(({ srcObject, videoHeight, clientHeight }) =>
          srcObject ? [videoHeight / clientHeight] : [],
        ),
      );
  await until(
    'the pictures to be sharp',
    async () => {
      const found = await lines();
      if (found.some((ratio) => ratio < SHARP)) throw new Error(found.join(', '));
    },
    { withinMs: SHARP_WITHIN_MS },
  ).catch((error: Error) => console.warn(error.message));
  // The first frames of a new layer, and who speaks.
  await page.waitForTimeout(2500);
}

/** To 256 colours, chosen for each picture: a quarter of the size, and no difference to be seen. */
async function compress(file: string): Promise<void> {
  const smaller = `${file}.small.png`;
  const colours =
    'split[a][b];[a]palettegen=stats_mode=single[p];[b][p]paletteuse=dither=floyd_steinberg';
  try {
    await promisify(execFile)('ffmpeg', [
      ...['-y', '-loglevel', 'error', '-i', file],
      ...['-filter_complex', colours, '-compression_level', '100', smaller],
    ]);
    await rename(smaller, file);
  } catch {
    console.warn('Without ffmpeg the picture stays as it is.');
  }
}

async function write(page: Page, text: string): Promise<void> {
  const chat = page.getByRole('button', { name: 'Chat', exact: true });
  if ((await chat.getAttribute('aria-pressed')) !== 'true') await chat.click();
  await page.getByRole('textbox', { name: 'Message' }).fill(text);
  await page.keyboard.press('Enter');
}

async function home(studio: Studio): Promise<void> {
  for (const [options, name] of [
    [WIDE, 'home'],
    [PHONE, 'home-phone'],
  ] as const) {
    const page = await studio.page(ME, { ...options, colorScheme: 'light' });
    await page.goto(studio.parley.url);
    await page.getByRole('textbox', { name: 'Room name' }).fill('spring-release');
    await shoot(page, name);
    await page.context().close();
  }
}

async function beforeTheCall(studio: Studio): Promise<void> {
  const wide = await studio.open(ME, 'spring-release', LOUD);
  await shoot(wide, 'prejoin');
  await wide.context().close();
  const phone = await studio.open(ME, 'spring-release', { ...PHONE, colorScheme: 'dark' });
  await shoot(phone, 'prejoin-phone');
  await phone.context().close();
}

async function networkCheck(studio: Studio): Promise<void> {
  for (const [options, name] of [
    [WIDE, 'check'],
    [{ ...PHONE, colorScheme: 'dark' }, 'check-phone'],
  ] as const) {
    const page = await studio.page(ME, { colorScheme: 'light', ...options }, true);
    await page.addInitScript(() => {
      Object.defineProperty(MediaStreamTrack.prototype, 'label', {
        get(this: MediaStreamTrack) {
          return this.kind === 'audio' ? 'Desk microphone' : 'Built-in camera';
        },
      });
    });
    await page.goto(`${studio.parley.url}check`);
    await page.getByRole('heading', { name: 'Calls will work' }).waitFor();
    await shoot(page, name);
    await page.context().close();
  }
}

async function alone(studio: Studio): Promise<void> {
  const page = await studio.join(ME, 'quiet-room', { ...WIDE, colorScheme: 'light' });
  await shoot(page, 'alone');
  await page.getByRole('button', { name: 'Leave' }).click();
  await shoot(page, 'left');
  await page.context().close();
}

async function blocked(studio: Studio): Promise<void> {
  const page = await studio.page(ME, { ...WIDE, colorScheme: 'light' });
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = async () => {
      throw new DOMException('Permission denied', 'NotAllowedError');
    };
  });
  await page.goto(studio.parley.room('spring-release'));
  await page.getByRole('textbox', { name: 'Your name' }).fill(ME);
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  await shoot(page, 'blocked');
  await page.context().close();
}

async function calls(studio: Studio): Promise<void> {
  const room = 'spring-release';
  const [jonas, ana, kenji] = await Promise.all(
    OTHERS.map((name) => studio.join(name, room, BACKGROUND)),
  );
  if (!jonas || !ana || !kenji) throw new Error('somebody did not come');
  await kenji.getByRole('button', { name: 'Microphone', exact: true }).click();

  const wide = await studio.join(ME, room, { ...WIDE, colorScheme: 'dark' });
  await shoot(wide, 'call');

  await write(jonas, 'Morning! I can see all of you.');
  await write(ana, 'The notes are here: https://example.org/notes/spring');
  await write(wide, 'Thank you, Lima');
  await write(kenji, 'Two minutes, then I share my screen');
  await wide.emulateMedia({ colorScheme: 'light' });
  await shoot(wide, 'chat');
  await wide.getByRole('complementary').getByRole('button', { name: 'Close' }).click();

  await kenji.getByRole('button', { name: 'Share screen', exact: true }).click();
  await wide.getByRole('article', { name: "Kyoto's screen" }).waitFor();
  await wide.emulateMedia({ colorScheme: 'dark' });
  await shoot(wide, 'screen-share');
  await wide.keyboard.press('s');
  await shoot(wide, 'statistics');
  await wide.context().close();

  const phone = await studio.join(ME, room, { ...PHONE, colorScheme: 'dark' });
  await shoot(phone, 'screen-share-phone');
  await kenji.getByRole('button', { name: 'Share screen', exact: true }).click();
  await phone.getByRole('article', { name: "Kyoto's screen" }).waitFor({ state: 'detached' });
  await shoot(phone, 'call-phone');
  await phone.getByRole('button', { name: 'Chat', exact: true }).click();
  await shoot(phone, 'chat-phone');
}

/** In this order; each makes its pictures by itself. */
const SCENES = { home, beforeTheCall, networkCheck, blocked, alone, calls };

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(SCENES, name));
if (unknown.length > 0) {
  throw new Error(`No scene is called ${unknown.join(', ')}: ${Object.keys(SCENES).join(', ')}.`);
}
await using coturn = await startCoturn('secret');
await using parley = await Parley.start(coturn.env);
await using chromium = await Chromium.launch();
const studio = new Studio(chromium, parley);
for (const [name, scene] of Object.entries(SCENES)) {
  if (wanted.length === 0 || wanted.includes(name)) await scene(studio);
}

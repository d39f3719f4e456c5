// `npm run bench:bandwidth`: what nine browsers in one room receive, and send, for what they look at.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { BrowserContextOptions } from 'playwright-core';
import type { Chromium } from '../../test/support/browser/chromium.ts';
import { Participant } from '../../test/support/browser/participant.ts';
import type { Parley } from '../../test/support/server/parley.ts';
import { startFilmed } from '../filmed.ts';
import { wholeNumber } from '../whole-number.ts';
import { arePictures, limitOf, type Received, received, type Sent, sent } from './flow.ts';
import { type Flows, installBandwidthHooks, type Requests } from './page-scripts.ts';
import { report, type Turn } from './report.ts';

const ROOM = 'bandwidth';
/** Nine encoders share the CPUs with everything else. The layers' ratios are those of a larger camera. */
const CAMERA = { width: 640, height: 360 };
const FRAME_RATE = 10;
const FILM = { ...CAMERA, framesPerSecond: FRAME_RATE, frames: 40 };
/** All tiles and a large one fit on one page of it. */
const VIEWER_WINDOW = { viewport: { width: 1680, height: 1200 } };
/** Publishers receive no pictures: all would be decoded on the same CPUs. */
const PUBLISHER_WINDOW = { viewport: { width: 400, height: 300 } };
/** Bandwidth estimates, layers and encoders need it to follow what is asked for. */
const SETTLE_MS = 10_000;

/** All pages share the CPUs. */
const PAGE_MS = 120_000;
const LOOK_AGAIN_MS = 500;

interface Plan {
  publishers: number;
  seconds: number;
  rounds: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      browsers: { type: 'string', default: '9' },
      seconds: { type: 'string', default: '8' },
      rounds: { type: 'string', default: '3' },
    },
  });
  const publishers = wholeNumber('browsers', values.browsers, 2) - 1;
  const seconds = wholeNumber('seconds', values.seconds);
  const rounds = wholeNumber('rounds', values.rounds);
  await using stack = new AsyncDisposableStack();
  const { parley, chromium } = await startFilmed(stack, FILM);
  await new Bench(parley, chromium, { publishers, seconds, rounds }).run();
}

class Bench {
  readonly #url: string;
  readonly #chromium: Chromium;
  readonly #plan: Plan;

  constructor(parley: Parley, chromium: Chromium, plan: Plan) {
    this.#url = parley.room(ROOM);
    this.#chromium = chromium;
    this.#plan = plan;
  }

  async run(): Promise<void> {
    const { publishers: count, seconds, rounds } = this.#plan;
    console.log(
      `${count + 1} pages of one Chromium, each in a profile of its own and with a camera of ` +
        `${CAMERA.width}×${CAMERA.height} at ${FRAME_RATE} frames a second; ${seconds} s each`,
    );
    const publishers: Participant[] = [];
    for (let n = 1; n <= count; n++) {
      const publisher = await this.#join(`Publisher ${n}`, PUBLISHER_WINDOW, 'nothing');
      // Nobody looks at this page: drawing its own picture takes CPU from the encoders.
      await publisher.page.evaluate(() => {
        document.documentElement.style.display = 'none';
      });
      publishers.push(publisher);
      console.log(`${n} of ${count} publish`);
    }
    const [first] = publishers;
    if (!first) throw new Error('nobody publishes');

    const viewer = await this.#join('Viewer', VIEWER_WINDOW);
    await this.#seesAll(viewer);
    const grid = await this.#received(viewer, 'in a grid');
    await this.#pin(viewer, first);
    const turns: Turn[] = [];
    for (let round = 1; round <= rounds; round++) {
      await this.#request(viewer, 'large');
      const allLarge = await this.#received(viewer, `${round}/${rounds} all large`);
      const limits = await this.#limits(publishers);
      await this.#request(viewer, 'as-shown');
      const oneLarge = await this.#received(viewer, `${round}/${rounds} one large`);
      turns.push({ allLarge, oneLarge, limits });
    }
    const large = await this.#sent(first, 'seen large');
    await hide([viewer], true);
    const hidden = await this.#received(viewer, 'hidden');
    const others = [viewer, ...publishers.slice(1)];
    await hide(others, true);
    const unseen = await this.#sent(first, 'unseen');
    for (const other of others) await other.page.context().close();
    await first.page
      .getByRole('article', { includeHidden: true })
      .nth(1)
      .waitFor({ state: 'detached' });
    const alone = await this.#sent(first, 'alone');
    const expected = { publishers: count, height: CAMERA.height };
    console.log(report({ turns, grid, hidden }, { large, unseen, alone }, expected));
  }

  async #join(
    name: string,
    window: BrowserContextOptions,
    requests: Requests = 'as-shown',
  ): Promise<Participant> {
    const page = await this.#chromium.newPage(window);
    await page.addInitScript(installBandwidthHooks, { camera: CAMERA, requests });
    page.setDefaultTimeout(PAGE_MS);
    const participant = new Participant(name, page);
    await participant.join(this.#url);
    // Nine who hear eight each would take the CPUs from the encoders.
    await participant.toggle('Microphone', false);
    return participant;
  }

  async #pin(viewer: Participant, whom: Participant): Promise<void> {
    const tile = viewer.tile(whom.name);
    await tile.hover();
    await tile.getByRole('button', { name: /^Pin / }).click();
  }

  /** The page names all of its tiles again when its tab is shown again. */
  async #request(viewer: Participant, requests: Requests): Promise<void> {
    await requestsAfter(viewer, () => hide([viewer], true));
    await viewer.page.evaluate((next) => window.bandwidth.request(next), requests);
    await requestsAfter(viewer, () => hide([viewer], false));
    await this.#seesAll(viewer);
  }

  /** What each publisher's encoder is limited by. */
  async #limits(publishers: readonly Participant[]): Promise<string[]> {
    const flows = publishers.map(({ page }) => page.evaluate(() => window.bandwidth.flows()));
    return (await Promise.all(flows)).map(limitOf);
  }

  /** Waits until every picture is decoded; on a machine that is too slow the report will say what is missing. */
  async #seesAll({ page }: Participant): Promise<void> {
    const deadline = performance.now() + PAGE_MS;
    while (performance.now() < deadline) {
      const flows = await page.evaluate(() => window.bandwidth.flows());
      if (arePictures(flows, this.#plan.publishers)) return;
      await sleep(LOOK_AGAIN_MS);
    }
  }

  async #received(participant: Participant, what: string): Promise<Received> {
    return this.#between(participant, what, received);
  }

  async #sent(participant: Participant, what: string): Promise<Sent> {
    return this.#between(participant, what, sent);
  }

  async #between<T>(
    { page }: Participant,
    what: string,
    difference: (before: Flows, after: Flows, seconds: number) => T,
  ): Promise<T> {
    console.log(`measuring: ${what}`);
    await sleep(SETTLE_MS);
    const startedMs = performance.now();
    const before = await page.evaluate(() => window.bandwidth.flows());
    await sleep(this.#plan.seconds * 1_000);
    const after = await page.evaluate(() => window.bandwidth.flows());
    return difference(before, after, (performance.now() - startedMs) / 1_000);
  }
}

async function hide(participants: readonly Participant[], hidden: boolean): Promise<void> {
  await Promise.all(
    participants.map(({ page }) => page.evaluate((is) => window.bandwidth.hide(is), hidden)),
  );
}

/** Resolves when the page has requested pictures because of it. */
async function requestsAfter({ page }: Participant, change: () => Promise<void>): Promise<void> {
  const before = await page.evaluate(() => window.bandwidth.requested());
  await change();
  await page.waitForFunction((count) => window.bandwidth.requested() > count, before);
}

await main();
process.exit(0);

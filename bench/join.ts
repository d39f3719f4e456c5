// `npm run bench:join`: how long after "Join" the first picture is there, beside a bare page's time.
import type { Page } from 'playwright-core';
import { ensureClient } from '../client/build.ts';
import { Chromium } from '../test/support/browser/chromium.ts';
import { startRelay } from '../test/support/network/relay.ts';
import { Parley } from '../test/support/server/parley.ts';
import { startBareServer } from './bare/server.ts';
import { joinReport } from './join-report.ts';
import { joinAndStay, measureJoin, type Trial } from './trial.ts';

const ROUNDS = 12;
/** Added to every signalling round trip of the delayed trials, half on each way. Milliseconds. */
const ADDED_ROUND_TRIP_MS = 200;

/** A new frame every 50 ms: the wait for the next one is part of both pages' times. */
const FRAME_RATE = 20;

export interface Contestant {
  name: string;
  direct: Trial[];
  /** With {@link ADDED_ROUND_TRIP_MS} more per signalling round trip. */
  delayed: Trial[];
}

interface Entrant extends Contestant {
  url: string;
  delayedUrl: string;
  /** Opens the page of a new participant, up to the click. */
  open(page: Page, url: string): Promise<void>;
}

async function openParley(page: Page, url: string): Promise<void> {
  await page.goto(new URL('r/bench', url).href);
  await page.getByRole('textbox', { name: 'Your name' }).fill('Newcomer');
}

async function openBare(page: Page, url: string): Promise<void> {
  await page.goto(url);
}

async function main(): Promise<void> {
  await ensureClient({ log: console.log });
  await using stack = new AsyncDisposableStack();
  const enter = async (name: string, url: string, open: Entrant['open']): Promise<Entrant> => {
    const slow = stack.use(await startRelay(url, { delayMs: ADDED_ROUND_TRIP_MS / 2 }));
    return { name, url, delayedUrl: slow.url, open, direct: [], delayed: [] };
  };
  const parley = stack.use(await Parley.start({ LOG_LEVEL: 'info', WORKERS: '1' }));
  const bare = stack.use(await startBareServer());
  const entrants = [
    await enter('Parley', parley.url, openParley),
    await enter('bare page', bare.url, openBare),
  ];
  const chromium = stack.use(await Chromium.launch({ frameRate: FRAME_RATE }));

  // Both rooms are in use throughout, so both are measured under the same load.
  for (const { open, url } of entrants) await joinAndStay(chromium, (page) => open(page, url));
  for (const { open, url } of entrants) await measureJoin(chromium, (page) => open(page, url));

  for (let round = 1; round <= ROUNDS; round++) {
    for (const { name, open, url, delayedUrl, direct, delayed } of entrants) {
      const plain = await measureJoin(chromium, (page) => open(page, url));
      const slow = await measureJoin(chromium, (page) => open(page, delayedUrl));
      direct.push(plain);
      delayed.push(slow);
      console.log(
        `${round}/${ROUNDS} ${name}: ${plain.ms.toFixed(0)} ms, delayed ${slow.ms.toFixed(0)} ms`,
      );
    }
  }
  console.log(joinReport(entrants, ADDED_ROUND_TRIP_MS));
}

await main();

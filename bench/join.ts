// `npm run bench:join`: how long after "Join" the first picture is there, beside a bare page's time.
import { parseArgs } from 'node:util';
import type { Page } from 'playwright-core';
import { ensureClient } from '../client/build.ts';
import { Chromium } from '../test/support/browser/chromium.ts';
import { startRelay } from '../test/support/network/relay.ts';
import { Parley } from '../test/support/server/parley.ts';
import { startBareServer } from './bare/server.ts';
import { joinReport } from './join/report.ts';
import { joinAndStay, measureJoin, type Trial } from './join/trial.ts';

/** `--rounds 30`: fewer or more of them. */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '12' } } });
const ROUNDS = Number(values.rounds);
/** Added to every signalling round trip of the delayed trials, half on each way. Milliseconds. */
const ADDED_ROUND_TRIP_MS = 200;

/** A new frame every 50 ms: the wait for the next one is part of both pages' times. */
const FRAME_RATE = 20;

export interface Contestant {
  name: string;
  /** The most that its median may be, in medians of the bare page. */
  goal?: number;
  direct: Trial[];
  /** With {@link ADDED_ROUND_TRIP_MS} more per signalling round trip. */
  delayed: Trial[];
}

interface Entrant extends Contestant {
  url: string;
  delayedUrl: string;
  /** Opens the page of a new participant, up to the click. */
  open(page: Page, url: string): Promise<void>;
  mayPrepare: boolean;
}

/** A participant reads the page and writes a name: all of its code has come by then. */
async function openParley(page: Page, url: string): Promise<void> {
  await openRoom(page, url);
  await page.waitForFunction(() => window.joinTrace.asksToPrepare);
}

async function openPrepared(page: Page, url: string): Promise<void> {
  await openRoom(page, url);
  await page.waitForFunction(() => window.joinTrace.connected === 2);
}

async function openRoom(page: Page, url: string): Promise<void> {
  await page.goto(new URL('r/bench', url).href);
  await page.getByRole('textbox', { name: 'Your name' }).fill('Newcomer');
}

async function openBare(page: Page, url: string): Promise<void> {
  await page.goto(url);
}

async function main(): Promise<void> {
  await ensureClient({ log: console.log });
  await using stack = new AsyncDisposableStack();
  const enter = async (entrant: Omit<Entrant, 'delayedUrl' | 'direct' | 'delayed'>) => {
    const slow = stack.use(await startRelay(entrant.url, { delayMs: ADDED_ROUND_TRIP_MS / 2 }));
    return { ...entrant, delayedUrl: slow.url, direct: [], delayed: [] } satisfies Entrant;
  };
  const parley = stack.use(await Parley.start({ LOG_LEVEL: 'info', WORKERS: '1' }));
  const bare = stack.use(await startBareServer());
  const { url } = parley;
  const entrants: Entrant[] = [
    await enter({ name: 'prepared', goal: 0.7, url, open: openPrepared, mayPrepare: true }),
    await enter({ name: 'unprepared', goal: 1.2, url, open: openParley, mayPrepare: false }),
    await enter({ name: 'bare page', url: bare.url, open: openBare, mayPrepare: false }),
  ];
  const chromium = stack.use(await Chromium.launch({ frameRate: FRAME_RATE }));

  // Both rooms are in use throughout, so both are measured under the same load.
  await joinAndStay(chromium, (page) => openRoom(page, url));
  await joinAndStay(chromium, (page) => openBare(page, bare.url));
  const measure = ({ open, mayPrepare }: Entrant, at: string) =>
    measureJoin(chromium, (page) => open(page, at), mayPrepare);
  for (const entrant of entrants) await measure(entrant, entrant.url);

  for (let round = 1; round <= ROUNDS; round++) {
    for (const entrant of entrants) {
      const { name, direct, delayed } = entrant;
      const plain = await measure(entrant, entrant.url);
      const slow = await measure(entrant, entrant.delayedUrl);
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

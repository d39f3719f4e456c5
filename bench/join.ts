// `npm run bench:join`: how long after "Join" the first picture is there, beside a bare page's time.
import type { Page } from 'playwright-core';
import { ensureClient } from '../client/build.ts';
import { Chromium } from '../test/support/chromium.ts';
import { DEADLINES } from '../test/support/deadlines.ts';
import { Parley } from '../test/support/parley.ts';
import { Participant } from '../test/support/participant.ts';
import { type Relay, startRelay } from '../test/support/relay.ts';
import { startBareServer } from './bare/server.ts';
import { installJoinProbe, type JoinTrace } from './probe.ts';
import { type Spread, spread } from './statistics.ts';

const TRIALS = 15;
/** Fewer are enough for the slope: the delay is many times the noise. */
const DELAYED_TRIALS = 5;
/** Added to every signalling round trip, on the way there and back in halves. Milliseconds. */
const ADDED_ROUND_TRIP_MS = 100;
const GOAL_RATIO = 1.2;

interface Contestant {
  name: string;
  /** Opens the page of somebody new and brings it to where only the click is missing. */
  open(page: Page, delayed: boolean): Promise<void>;
  direct: Trial[];
  delayed: Trial[];
}

interface Trial {
  /** From the click to the first decoded frame. */
  ms: number;
  sent: number;
  received: number;
  openedAfterClick: number;
}

async function main(): Promise<void> {
  await ensureClient({ log: console.log });
  await using stack = new AsyncDisposableStack();
  const parley = stack.use(await Parley.start({ LOG_LEVEL: 'info', WORKERS: '1' }));
  const bare = stack.use(await startBareServer());
  const slowParley = stack.use(await slow(parley.url));
  const slowBare = stack.use(await slow(bare.url));
  const chromium = stack.use(await Chromium.launch());

  const contestants: Contestant[] = [
    {
      name: 'Parley',
      open: async (page, delayed) => {
        const room = new URL('r/bench', delayed ? slowParley.url : parley.url);
        await new Participant('Newcomer', page).open(room.href);
        await previewIsLive(page);
      },
      direct: [],
      delayed: [],
    },
    {
      name: 'bare page',
      open: async (page, delayed) => {
        await page.goto(delayed ? slowBare.url : bare.url);
        await previewIsLive(page);
      },
      direct: [],
      delayed: [],
    },
  ];

  // Somebody is in each room already and sends throughout, so both are measured under the same load.
  for (const { open } of contestants) {
    const page = await chromium.newPage();
    await open(page, false);
    await page.getByRole('button', { name: 'Join', exact: true }).click();
  }
  for (const contestant of contestants) await trial(chromium, contestant, false); // Warms up.
  for (let round = 0; round < TRIALS; round++) {
    for (const contestant of contestants) {
      contestant.direct.push(await trial(chromium, contestant, false));
    }
  }
  for (let round = 0; round < DELAYED_TRIALS; round++) {
    for (const contestant of contestants) {
      contestant.delayed.push(await trial(chromium, contestant, true));
    }
  }
  console.log(report(contestants));
}

function slow(url: string): Promise<Relay> {
  return startRelay(url, { delayMs: ADDED_ROUND_TRIP_MS / 2 });
}

async function previewIsLive(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Join', exact: true, disabled: false }).waitFor();
  await page.waitForFunction(() => {
    const videos = [...document.querySelectorAll('video')];
    return videos.some(({ videoWidth }) => videoWidth > 0);
  });
}

/** Somebody new joins, from a profile without cache or connections, and is gone again after. */
async function trial(
  chromium: Chromium,
  { name, open }: Contestant,
  delayed: boolean,
): Promise<Trial> {
  const page = await chromium.newPage();
  try {
    await page.addInitScript(installJoinProbe);
    await open(page, delayed);
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    const trace = await page.waitForFunction(
      () => (window.joinTrace.decodedAt === undefined ? undefined : window.joinTrace),
      undefined,
      { timeout: DEADLINES.media },
    );
    const result = read(await trace.jsonValue());
    process.stdout.write(`${delayed ? '+' : ' '} ${name.padEnd(10)} ${result.ms.toFixed(0)} ms\n`);
    return result;
  } finally {
    await page.context().close();
  }
}

function read(trace: JoinTrace | undefined): Trial {
  const { clickedAt, decodedAt, messages = [], openedAfterClick = 0 } = trace ?? {};
  if (clickedAt === undefined || decodedAt === undefined) {
    throw new Error('the page did not note the click and the picture');
  }
  const between = messages.filter(({ at }) => at >= clickedAt && at <= decodedAt);
  const sent = between.filter(({ from }) => from === 'page').length;
  return { ms: decodedAt - clickedAt, sent, received: between.length - sent, openedAfterClick };
}

function report(contestants: readonly Contestant[]): string {
  const rows = contestants.map(({ name, direct, delayed }) => {
    const times = spread(direct.map(({ ms }) => ms));
    const slowed = spread(delayed.map(({ ms }) => ms));
    return {
      name,
      times,
      slowed,
      /** How many times the added round trip the picture came later. */
      roundTrips: (slowed.median - times.median) / ADDED_ROUND_TRIP_MS,
      sent: spread(direct.map(({ sent }) => sent)).median,
      received: spread(direct.map(({ received }) => received)).median,
      sockets: spread(direct.map(({ openedAfterClick }) => openedAfterClick)).median,
    };
  });
  const [ours, bare] = rows;
  if (!ours || !bare) throw new Error('nothing to compare');
  const ratio = ours.times.median / bare.times.median;
  const cells = (label: string, cell: (row: (typeof rows)[number]) => string) =>
    `  ${label.padEnd(48)}${rows.map((row) => cell(row).padStart(22)).join('')}`;
  return [
    '',
    `From the click on "Join" to the first decoded remote frame, ${TRIALS} trials each, alternating`,
    '',
    cells('', ({ name }) => name),
    cells('median (fastest – slowest)', ({ times }) => show(times)),
    cells(`with ${ADDED_ROUND_TRIP_MS} ms more per signalling round trip`, (row) =>
      show(row.slowed),
    ),
    cells('serial signalling round trips before the picture', (row) => row.roundTrips.toFixed(1)),
    cells('messages sent, received before it', (row) => `${row.sent}, ${row.received}`),
    cells('WebSockets opened after the click', ({ sockets }) => String(sockets)),
    '',
    `  Parley takes ${ratio.toFixed(2)} times as long as the bare page` +
      ` (goal: at most ${GOAL_RATIO}): ${ratio <= GOAL_RATIO ? 'met' : 'MISSED'}`,
    '',
  ].join('\n');
}

function show({ median, min, max }: Spread): string {
  return `${median.toFixed(0)} ms (${min.toFixed(0)} – ${max.toFixed(0)})`;
}

await main();

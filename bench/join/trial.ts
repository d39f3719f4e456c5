// One join, measured: a new participant opens a page, clicks "Join", and waits for the first picture.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Chromium } from '../../test/support/browser/chromium.ts';
import { DEADLINES } from '../../test/support/process/deadlines.ts';
import { installJoinProbe, type JoinTrace, type Milestone } from './probe.ts';

export interface Trial {
  /** From the click to each milestone. Milliseconds; absent when it came before the click. */
  at: Partial<Record<Milestone, number>>;
  /** From the click to the first decoded frame. Milliseconds. */
  ms: number;
  sent: number;
  received: number;
  sockets: number;
}

/** Nobody clicks in the same moment in which the page is there. By then it has done what it does while nobody waits. */
const UNHURRIED_MS = 1_500;

/** From a profile without cache or connections; gone again afterwards. */
export async function measureJoin(
  chromium: Chromium,
  open: (page: Page) => Promise<void>,
  mayPrepare: boolean,
): Promise<Trial> {
  const page = await chromium.newPage();
  try {
    await page.addInitScript(installJoinProbe, mayPrepare);
    await open(page);
    await waitForPreview(page);
    await sleep(UNHURRIED_MS);
    await clickJoin(page);
    const trace = await page.waitForFunction(
      () => (window.joinTrace.milestones.shown === undefined ? undefined : window.joinTrace),
      undefined,
      { timeout: DEADLINES.media },
    );
    return read(await trace.jsonValue());
  } finally {
    await page.context().close();
  }
}

/** A participant who is in the call before, for the measured one to see. */
export async function joinAndStay(
  chromium: Chromium,
  open: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await chromium.newPage();
  await open(page);
  await waitForPreview(page);
  await clickJoin(page);
}

/** The click comes when the own picture is there: the camera is open by then, with either page. */
async function waitForPreview(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Join', exact: true, disabled: false }).waitFor();
  await page.waitForFunction(() => {
    const videos = [...document.querySelectorAll('video')];
    return videos.some(({ videoWidth }) => videoWidth > 0);
  });
}

function clickJoin(page: Page): Promise<void> {
  return page.getByRole('button', { name: 'Join', exact: true }).click();
}

function read(trace: JoinTrace | undefined): Trial {
  const decoded = trace?.milestones.decoded;
  if (trace?.clickedAt === undefined || decoded === undefined) {
    throw new Error('the page did not note the click and the picture');
  }
  const { clickedAt, milestones, sent, received, sockets } = trace;
  const at = Object.fromEntries(
    Object.entries(milestones).map(([milestone, time]) => [milestone, time - clickedAt]),
  );
  return { at, ms: decoded - clickedAt, sent, received, sockets };
}

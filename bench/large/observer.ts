// A participant in a real browser who listens and watches in a large room: how long it was silent, how long a picture
// stood still, and how soon those are seen to whom it scrolls.
import { mkdir, writeFile } from 'node:fs/promises';
import type { JSHandle, Locator, Page } from 'playwright-core';
import type { GapWatch } from '../../test/support/browser/gap-watch.ts';
import { Participant } from '../../test/support/browser/participant.ts';
import { until } from '../../test/support/process/until.ts';

interface Silence {
  longestMs: number;
}

const EVERY_MS = 250;
/** Energy of a look below which nobody spoke. The tone of one light participant has 0.004. */
const LEAST_ENERGY = 0.0005;

export class Observer {
  readonly participant: Participant;
  #silence: JSHandle<Silence> | undefined;
  #picture: GapWatch | undefined;
  #clicks: JSHandle<{ at: number }> | undefined;
  #isTurningBack = false;
  /** What the last turn waited for. */
  #slow: string[] = [];

  constructor(name: string, page: Page) {
    this.participant = new Participant(name, page);
  }

  /** Keeps this participant in view, whoever speaks. */
  async pin(name: string): Promise<void> {
    const tile = this.participant.tile(name);
    await tile.hover();
    await tile.getByRole('button', { name: `Pin ${name}` }).click();
  }

  /** Begins to record, with the picture of this participant, who is in view. */
  async watch(name: string): Promise<void> {
    this.#silence = await this.participant.page.evaluateHandle(recordSilence, {
      everyMs: EVERY_MS,
      leastEnergy: LEAST_ENERGY,
    });
    this.#picture = await this.participant.watchGaps(this.participant.tile(name));
  }

  /** Milliseconds. */
  async gaps(): Promise<{ silenceMs: number; pictureMs: number }> {
    const silence = await this.#silence?.evaluate(({ longestMs }) => longestMs);
    const pictureMs = await this.#picture?.longestGapMs();
    return { silenceMs: silence ?? Number.NaN, pictureMs: pictureMs ?? Number.NaN };
  }

  /** A screenshot and the console. */
  async keepEvidence(folder: string): Promise<void> {
    const { name, page, console } = this.participant;
    await mkdir(folder, { recursive: true });
    await page.screenshot({ path: `${folder}/${name}.png` });
    await writeFile(`${folder}/${name}.console.log`, console.join('\n'));
  }

  /**
   * The last turn, where it was slow: what kept its button from being pressed, and once a second what had come of each
   * picture. A quick turn has none.
   */
  get slow(): readonly string[] {
    return this.#slow;
  }

  /** When the page was last clicked. UTC milliseconds. */
  async #clickedAt(): Promise<number> {
    this.#clicks ??= await this.participant.page.evaluateHandle(() => {
      const last = { at: Date.now() };
      const note = ({ timeStamp }: Event) => {
        last.at = performance.timeOrigin + timeStamp;
      };
      addEventListener('click', note, true);
      return last;
    });
    return this.#clicks.evaluate(({ at }) => at);
  }

  /** The direction turns where there is no other page, also when that comes about in between. */
  async #press(): Promise<void> {
    const { page } = this.participant;
    const from = performance.now();
    await until(
      'a page to turn to',
      async () => {
        const button = () =>
          page.getByRole('button', { name: this.#isTurningBack ? PREVIOUS : NEXT });
        try {
          const isPossible = await button().isEnabled({ timeout: PRESS_TIMEOUT_MS });
          if (!isPossible) this.#isTurningBack = !this.#isTurningBack;
          await button().click({ timeout: PRESS_TIMEOUT_MS });
        } catch (error) {
          this.#slow.push(`not pressed: ${String(error).split('\n').slice(0, 12).join(' | ')}`);
          throw error;
        }
      },
      { withinMs: 30_000, everyMs: LOOK_EVERY_MS },
    );
    const ms = performance.now() - from;
    if (ms > PRESS_TIMEOUT_MS) this.#slow.push(`pressed after ${Math.round(ms)} ms`);
  }

  /**
   * Turns to the next page; back from the last one, and from one where nobody has a camera.
   *
   * @returns milliseconds until the first picture there moves; undefined for a page with none
   */
  async turnPage(): Promise<number | undefined> {
    const { page } = this.participant;
    this.#slow = [];
    await this.#clickedAt();
    await this.#press();
    // A participant waits from the click on. What the browser is asked before it, and where the button is, is no part of it.
    const from = performance.now() - (Date.now() - (await this.#clickedAt()));
    const pictures = page.getByRole('article').filter({ has: page.locator('video') });
    let looks = 0;
    const onWait = async () => {
      const seconds = (performance.now() - from) / 1_000;
      if (seconds < looks + 1) return;
      looks += 1;
      this.#slow.push(`${seconds.toFixed(1)} s  ${arrivals(await this.participant.stats())}`);
    };
    if (await moves(this.participant, pictures, onWait)) return performance.now() - from;
    this.#isTurningBack = true;
    return undefined;
  }
}

const PRESS_TIMEOUT_MS = 1_000;
const NEXT = /^Next/;
const PREVIOUS = /^Previous/;
const MOVING_FRAMES = 2;
const LOOK_EVERY_MS = 50;
const LOOK_TIMEOUT_MS = 200;
/** A page whose pictures are still to be drawn has them within so many looks. */
const LOOKS_WITHOUT = 5;

/** What has come of each picture so far: packets, frames, key frames, and the key frames that were asked for. */
function arrivals(stats: Awaited<ReturnType<Participant['stats']>>): string {
  return stats
    .flat()
    .filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video')
    .map(({ ssrc, packetsReceived, framesDecoded, keyFramesDecoded, pliCount }) =>
      [ssrc, packetsReceived, framesDecoded, keyFramesDecoded, pliCount].join('/'),
    )
    .join('  ');
}

/**
 * Waits until frames are decoded that were not before.
 *
 * @param onWait called at each look
 * @returns false: nobody there has a camera
 */
async function moves(
  participant: Participant,
  pictures: Locator,
  onWait: () => Promise<void>,
): Promise<boolean> {
  let first: number | undefined;
  let without = 0;
  await until(
    'a picture to move on the page that was turned to',
    async () => {
      await onWait();
      // The tiles of the page before are still there for a moment.
      without = (await pictures.count()) === 0 ? without + 1 : 0;
      if (without >= LOOKS_WITHOUT) return;
      if (without > 0) throw new Error('there is none');
      const { frames } = await participant.video(pictures.first(), LOOK_TIMEOUT_MS);
      if (first === undefined || frames < first) first = frames;
      if (frames - first < MOVING_FRAMES) throw new Error(`${frames - first} more frames`);
    },
    { withinMs: 30_000, everyMs: LOOK_EVERY_MS },
  );
  return without < LOOKS_WITHOUT;
}

/** Runs in the page: its source text is what gets there. */
function recordSilence({
  everyMs,
  leastEnergy,
}: {
  everyMs: number;
  leastEnergy: number;
}): Silence {
  const silence: Silence = { longestMs: 0 };
  let before: Map<string, number> | undefined;
  let silentMs = 0;
  let at = performance.now();
  const look = async () => {
    const now = new Map<string, number>();
    for (const { type, kind, id, totalAudioEnergy = 0 } of (
      await window.parleyTest.stats()
    ).flat()) {
      if (type === 'inbound-rtp' && kind === 'audio') now.set(id, totalAudioEnergy);
    }
    let heard = 0;
    for (const [id, energy] of now) heard += Math.max(0, energy - (before?.get(id) ?? energy));
    const elapsed = performance.now() - at;
    at = performance.now();
    // A page that stood still did not hear anything, and was not silent either.
    silentMs =
      before === undefined || heard >= leastEnergy ? 0 : silentMs + Math.min(elapsed, 2 * everyMs);
    silence.longestMs = Math.max(silence.longestMs, silentMs);
    before = now;
    setTimeout(look, everyMs);
  };
  void look();
  return silence;
}

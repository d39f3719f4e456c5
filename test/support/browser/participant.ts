// One participant in front of the page: finds elements by role and accessible name.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { DEADLINES } from '../process/deadlines.ts';
import { until } from '../process/until.ts';
import { type GapWatch, gapWatch } from './gap-watch.ts';
import { Growing } from './growing.ts';
import type { StatsEntry } from './page-hooks.ts';
import {
  audioEnergies,
  type CandidatePair,
  inboundPicture,
  type Picture,
  selectedPairs,
} from './rtc-stats.ts';

export type Toggle = 'Microphone' | 'Camera' | 'Share screen' | 'Chat';

/** Frames that have to be decoded before a picture counts as moving. */
const MOVING_FRAMES = 3;
/** The fake microphone beeps once a second, so a longer silence is real. */
const SILENCE_MS = 2_000;

export class Participant {
  readonly name: string;
  readonly page: Page;
  /** The page's console and uncaught errors, for the evidence. */
  readonly console: string[] = [];
  /** Uncaught errors and refusals of the content security policy: there should be none. */
  readonly errors: string[] = [];

  constructor(name: string, page: Page) {
    this.name = name;
    this.page = page;
    page.on('console', (message) => {
      this.console.push(`[${message.type()}] ${message.text()}`);
      if (/content security policy/i.test(message.text())) this.errors.push(message.text());
    });
    page.on('pageerror', (error) => {
      this.console.push(`[uncaught] ${error.stack ?? error.message}`);
      this.errors.push(error.message);
    });
  }

  /** Opens the address of a room and joins by clicking. Resolves when the toolbar is there. */
  async join(url: string): Promise<void> {
    await this.open(url);
    await this.clickJoin();
  }

  /** Opens a room's address and fills in the name. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.getByRole('textbox', { name: 'Your name' }).fill(this.name);
  }

  async clickJoin(): Promise<void> {
    await this.page.getByRole('button', { name: 'Join', exact: true }).click();
    await this.button('Leave').waitFor();
  }

  async leave(): Promise<void> {
    await this.button('Leave').click();
    await this.button('Leave').waitFor({ state: 'detached' });
  }

  button(name: Toggle | 'Leave'): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** Presses or releases a toggle of the toolbar, if it is not so already. */
  async toggle(name: Toggle, pressed: boolean): Promise<void> {
    const button = this.button(name);
    if ((await button.getAttribute('aria-pressed')) === String(pressed)) return;
    await button.click();
    await until(`${name} to be ${pressed ? 'on' : 'off'}`, async () => {
      assert.equal(await button.getAttribute('aria-pressed'), String(pressed));
    });
  }

  /** The tile of a participant, by name; the own one too. */
  tile(name: string): Locator {
    const suffix = name === this.name ? String.raw` \(you\)` : '';
    return this.page.getByRole('article', {
      name: new RegExp(String.raw`^${name}(?!'s screen|\d)${suffix}`),
    });
  }

  screenOf(name: string): Locator {
    return this.page.getByRole('article', { name: new RegExp(`^${name}'s screen`) });
  }

  async status(): Promise<string> {
    const texts = await this.page.getByRole('status').allInnerTexts();
    return texts.join(' ').trim();
  }

  async sendChat(text: string): Promise<void> {
    await this.toggle('Chat', true);
    await this.page.getByRole('textbox', { name: 'Message' }).fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** With the chat left open. */
  async readsInChat(text: string): Promise<void> {
    await this.toggle('Chat', true);
    await this.page.getByRole('log').getByText(text).waitFor({ timeout: DEADLINES.seenByOthers });
  }

  stats(): Promise<StatsEntry[][]> {
    return this.page.evaluate(() => window.parleyTest.stats());
  }

  /** The received picture in a tile: frames since the beginning, and their size. */
  async video(tile: Locator, timeout: number = DEADLINES.condition): Promise<Picture> {
    const shown = await tile.locator('video').evaluate(shownBy, undefined, { timeout });
    assert.ok(shown.trackId !== undefined, 'the tile has a video element without a track');
    // One's own picture comes straight from the camera: only the element counts its frames.
    return inboundPicture(await this.stats(), shown.trackId) ?? shown;
  }

  /** Waits until the picture in the tile moves: frames that were not decoded before are now. */
  async seesMoving(tile: Locator, withinMs: number = DEADLINES.media): Promise<void> {
    let start: number | undefined;
    await until(
      `${this.name} to see a moving picture in ${tile}`,
      async () => {
        await tile.waitFor({ timeout: DEADLINES.ending });
        const { frames } = await this.video(tile);
        // A rebuilt media session counts from zero again.
        if (start === undefined || frames < start) start = frames;
        assert.ok(frames - start >= MOVING_FRAMES, `${frames - start} more frames came`);
      },
      { withinMs },
    );
  }

  /** Waits until the tile is there and shows no picture: the participant's camera is off. */
  async seesNoPicture(tile: Locator): Promise<void> {
    await until(
      `${this.name} to see no picture in ${tile}`,
      async () => {
        await tile.waitFor({ timeout: DEADLINES.ending });
        const shown = await tile
          .locator('video')
          .evaluateAll((videos) =>
            videos.some((video) =>
              video.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
            ),
          );
        assert.equal(shown, false, 'there is a video to be seen');
      },
      { withinMs: DEADLINES.seenByOthers },
    );
  }

  sees(name: string, withinMs?: number): Promise<void> {
    return this.seesMoving(this.tile(name), withinMs);
  }

  /** Waits until sound of `count` others arrives: the energy of that many tracks grows. */
  async hears(count: number): Promise<void> {
    const energies = new Growing();
    await until(
      `${this.name} to hear ${count} others`,
      async () => {
        const growing = energies.look(audioEnergies(await this.stats()), performance.now());
        assert.equal(growing.length, count, `${growing.length} tracks have a sound`);
      },
      { withinMs: DEADLINES.media },
    );
  }

  /** One voice is heard, whatever was heard before: a device that is gone may have been another track. */
  async hearsOneVoice(): Promise<void> {
    let before = new Map<string, number>();
    await until(`${this.name} to hear one voice`, async () => {
      const now = audioEnergies(await this.stats());
      const growing = [...now].filter(([track, energy]) => energy > (before.get(track) ?? energy));
      before = now;
      assert.equal(growing.length, 1, `${growing.length} tracks have a sound`);
    });
  }

  /** Waits until no track has sound any more: their energies are constant. */
  async hearsNobody(): Promise<void> {
    let before = audioEnergies(await this.stats());
    await until(`${this.name} to hear nobody`, async () => {
      await this.page.waitForTimeout(SILENCE_MS);
      const now = audioEnergies(await this.stats());
      const growing = [...now].filter(([track, energy]) => energy > (before.get(track) ?? 0));
      before = now;
      assert.equal(growing.length, 0, `${growing.length} tracks have a sound`);
    });
  }

  /** The candidate pairs that carry this participant's media, one for each transport. */
  async candidatePairs(): Promise<CandidatePair[]> {
    return selectedPairs(await this.stats());
  }

  /** Begins to record when frames of a tile are shown. */
  watchGaps(tile: Locator): Promise<GapWatch> {
    return gapWatch(tile);
  }
}

/** Runs in the page: its source text is what gets there. */
function shownBy(video: HTMLVideoElement) {
  const track = video.srcObject instanceof MediaStream && video.srcObject.getVideoTracks()[0];
  return {
    trackId: track ? track.id : undefined,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    width: video.videoWidth,
    height: video.videoHeight,
  };
}

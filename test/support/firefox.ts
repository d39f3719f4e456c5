// Somebody with real Firefox, driven over WebDriver BiDi. Needs a network as network-namespace.ts makes it.
import assert from 'node:assert/strict';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import { DEADLINES } from './deadlines.ts';
import { installPageHooks } from './page-hooks.ts';
import { programPath } from './programs.ts';
import { audioEnergies, videoFrames } from './rtc-stats.ts';
import { until } from './until.ts';

const PREFERENCES = {
  // A camera with a moving picture and a microphone with a tone, allowed without asking.
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
};

export class FirefoxPerson implements AsyncDisposable {
  readonly name: string;
  readonly console: string[] = [];
  readonly #browser: Browser;
  readonly #page: Page;

  private constructor(name: string, browser: Browser, page: Page) {
    this.name = name;
    this.#browser = browser;
    this.#page = page;
    page.on('console', (message) => this.console.push(`[${message.type()}] ${message.text()}`));
    page.on('pageerror', (error) => this.console.push(`[uncaught] ${String(error)}`));
  }

  static async launch(name: string): Promise<FirefoxPerson> {
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: programPath('firefox'),
      headless: true,
      timeout: DEADLINES.firefoxStart,
      extraPrefsFirefox: PREFERENCES,
    });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(DEADLINES.page);
      await page.evaluateOnNewDocument(installPageHooks);
      return new FirefoxPerson(name, browser, page);
    } catch (error) {
      await browser.close();
      throw error;
    }
  }

  async join(url: string): Promise<void> {
    await this.#page.goto(url);
    await this.#control('textbox', 'Your name').fill(this.name);
    await this.#control('button', 'Join').click();
    await this.#control('button', 'Leave').wait();
  }

  async leave(): Promise<void> {
    await this.#control('button', 'Leave').click();
  }

  /** Waits until the pictures of `count` others move and their sound arrives. */
  async seesAndHears(count: number): Promise<void> {
    const before = await this.#stats();
    await until(
      `${this.name} to see and hear ${count} others`,
      async () => {
        const now = await this.#stats();
        assert.equal(growing(before.frames, now.frames), count, 'pictures that move');
        assert.equal(growing(before.energies, now.energies), count, 'tracks with a sound');
      },
      { withinMs: DEADLINES.media },
    );
  }

  async #stats() {
    const stats = await this.#page.evaluate(() => window.parleyTest.stats());
    return { frames: videoFrames(stats), energies: audioEnergies(stats) };
  }

  #control(role: string, name: string) {
    return this.#page.locator(`::-p-aria([name="${name}"][role="${role}"])`);
  }

  async screenshot(path: `${string}.png`): Promise<void> {
    await this.#page.screenshot({ path });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

function growing(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): number {
  return [...now].filter(([track, value]) => value > (before.get(track) ?? 0)).length;
}

// Somebody with real Firefox, driven over WebDriver BiDi. Needs a network as network-namespace.ts makes it.
import assert from 'node:assert/strict';
import puppeteer, { type Browser, type ElementHandle, type Page } from 'puppeteer-core';
import { lifeline } from '../../../native/host/lifeline.ts';
import { DEADLINES } from '../process/deadlines.ts';
import { programPath } from '../process/programs.ts';
import { until } from '../process/until.ts';
import { Growing } from './growing.ts';
import { installPageHooks, type StatsEntry } from './page-hooks.ts';
import type { Participant, Toggle } from './participant.ts';
import { audioEnergies, type CandidatePair, selectedPairs, videoFrames } from './rtc-stats.ts';

const PREFERENCES = {
  // A camera with a moving picture and a microphone with a tone, allowed without asking.
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  // Everything is drawn and encoded in software here: a small picture is enough to be understood.
  'media.navigator.video.default_width': 320,
  'media.navigator.video.default_height': 180,
  'media.navigator.video.default_fps': 10,
};

export class FirefoxPerson implements AsyncDisposable {
  readonly name: string;
  readonly console: string[] = [];
  readonly #browser: Browser;
  readonly page: Page;

  private constructor(name: string, browser: Browser, page: Page) {
    this.name = name;
    this.#browser = browser;
    this.page = page;
    page.on('console', (message) => this.console.push(`[${message.type()}] ${message.text()}`));
    page.on('pageerror', (error) => this.console.push(`[uncaught] ${String(error)}`));
  }

  static async launch(name: string): Promise<FirefoxPerson> {
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: programPath('firefox'),
      headless: true,
      defaultViewport: { width: 1280, height: 720 },
      timeout: DEADLINES.firefoxStart,
      extraPrefsFirefox: PREFERENCES,
    });
    const child = browser.process();
    if (child) lifeline.guard(child);
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
    await this.open(url);
    await this.clickJoin();
  }

  /** Joins a room where one participant is: they see and hear each other. */
  async comesTo(other: Participant, url: string): Promise<void> {
    await this.join(url);
    await this.seesAndHears(1);
    await other.sees(this.name);
    await other.hears(1);
  }

  /** Opens a room's address and fills in the name. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    const field = await this.control('textbox', 'Your name');
    await field.type(this.name);
  }

  async clickJoin(): Promise<void> {
    await this.press('Join');
    await this.control('button', 'Leave');
  }

  /** Waits until a switch is shown on, or off. */
  async isPressed(name: Toggle, pressed: boolean): Promise<void> {
    await until(`${name} to be shown ${pressed ? 'on' : 'off'} to ${this.name}`, async () => {
      const button = await this.control('button', name);
      const shown = await button.evaluate((element) => element.getAttribute('aria-pressed'));
      assert.equal(shown, String(pressed));
    });
  }

  /** Waits until the page says this. */
  async reads(text: RegExp): Promise<void> {
    await until(`${this.name} to read ${text}`, async () =>
      assert.match(await this.page.evaluate(() => document.body.innerText), text),
    );
  }

  async leave(): Promise<void> {
    await this.press('Leave');
  }

  async seesAndHears(count: number): Promise<void> {
    await this.seesMoving(count);
    await this.#grows(`to hear ${count} others`, count, audioEnergies);
  }

  /** Waits until `count` pictures move. */
  async seesMoving(count: number): Promise<void> {
    await this.#grows(`to see ${count} moving pictures`, count, videoFrames);
  }

  /** The candidate pairs that carry this participant's media, one for each transport. */
  async candidatePairs(): Promise<CandidatePair[]> {
    return selectedPairs(await this.stats());
  }

  async #grows(
    what: string,
    count: number,
    measure: (stats: StatsEntry[][]) => Map<string, number>,
  ): Promise<void> {
    const values = new Growing();
    await until(
      `${this.name} ${what}`,
      async () => {
        const growing = values.look(measure(await this.stats()), performance.now());
        assert.equal(growing.length, count, `${growing.length} do`);
      },
      { withinMs: DEADLINES.media },
    );
  }

  stats(): Promise<StatsEntry[][]> {
    return this.page.evaluate(() => window.parleyTest.stats());
  }

  /** Not with a locator: those try a click again that made its own button go away. */
  async press(name: string): Promise<void> {
    const button = await this.control('button', name);
    await button.click();
  }

  /** By role and accessible name, once it can be seen. */
  async control(role: string, name: string): Promise<ElementHandle> {
    const selector = `::-p-aria([name="${name}"][role="${role}"])`;
    const element = await this.page.waitForSelector(selector, { visible: true });
    assert.ok(element, `there is no ${role} "${name}"`);
    return element;
  }

  async screenshot(path: `${string}.png`): Promise<void> {
    await this.page.screenshot({ path });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

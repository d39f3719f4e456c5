// Real Chromium, with made-up cameras and microphones, or with none, or with a person who says no.
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { DEADLINES } from './deadlines.ts';
import { installPageHooks } from './page-hooks.ts';
import { programPath } from './programs.ts';

/**
 * `fake`: a camera with a moving picture, a microphone that beeps and a screen, all allowed.
 * `denied`: the same, and every request for them is refused.
 * `none`: no camera and no microphone at all.
 */
export type Devices = 'fake' | 'denied' | 'none';

export interface ChromiumOptions {
  devices?: Devices;
}

/** Frames that the fake camera gives per second. Half of a real one's: software encodes them all. */
const CAMERA_FRAME_RATE = 15;

/** An address of this machine that browsers do not trust like localhost. */
export const NOT_LOCALHOST = 'parley.test';

const BASE_ARGS = [
  `--host-resolver-rules=MAP ${NOT_LOCALHOST} 127.0.0.1`,
  '--disable-gpu',
  '--autoplay-policy=no-user-gesture-required',
  // Without these it looks for servers of its maker, which tests must not.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

const FAKE_DEVICES = `--use-fake-device-for-media-stream=fps=${CAMERA_FRAME_RATE}`;
const DEVICE_ARGS: Readonly<Record<Devices, readonly string[]>> = {
  fake: [FAKE_DEVICES, '--use-fake-ui-for-media-stream'],
  denied: [FAKE_DEVICES, '--use-fake-ui-for-media-stream=deny'],
  none: [
    '--use-fake-device-for-media-stream=device-count=0',
    '--disable-audio-input',
    '--use-fake-ui-for-media-stream',
  ],
};

export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch({ devices = 'fake' }: ChromiumOptions = {}): Promise<Chromium> {
    const isRoot = process.getuid?.() === 0;
    const browser = await chromium.launch({
      executablePath: programPath('chromium'),
      // Its sandbox does not start as root; containers run tests as root.
      args: [...BASE_ARGS, ...DEVICE_ARGS[devices], ...(isRoot ? ['--no-sandbox'] : [])],
      timeout: DEADLINES.page,
    });
    return new Chromium(browser);
  }

  /** A window of its own, with its own storage, as if on a machine of its own. */
  async newPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.#browser.newContext({
      userAgent: this.#userAgent,
      viewport: { width: 1280, height: 720 },
      reducedMotion: 'reduce',
      ...options,
    });
    context.setDefaultTimeout(DEADLINES.page);
    await context.addInitScript(installPageHooks);
    return context.newPage();
  }

  /** As people's browsers say it, without "Headless": libraries tell browsers apart by it. */
  get #userAgent(): string {
    const [major] = this.#browser.version().split('.');
    return `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

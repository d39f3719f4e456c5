// Real Chromium, with generated cameras and microphones, or without any, or with permissions refused.
import { globSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { DEADLINES } from '../process/deadlines.ts';
import { programPath } from '../process/programs.ts';
import { installPageHooks } from './page-hooks.ts';

/**
 * `fake`: a camera with a moving picture, a microphone that beeps and a screen, all allowed.
 * `denied`: the same, and every request for them is refused.
 * `no-camera`: the microphone alone.
 * `own`: what the machine has; see {@link machineHasDevices}.
 */
export type Devices = 'fake' | 'denied' | 'no-camera' | 'own';

export interface ChromiumOptions {
  devices?: Devices;
  /** Frames per second of the fake camera, 5 to 60. */
  frameRate?: number;
  /** How many fake cameras there are. Default 1. */
  cameras?: number;
  /** A Y4M file that the fake camera shows. */
  film?: string;
  /** Another program than Chromium itself, such as a script that runs it elsewhere. */
  program?: string;
  /** Origins that it trusts like localhost: pages there may use cameras without TLS. */
  trusted?: readonly string[];
}

/** A third of a real camera's: one machine's CPUs encode the pictures of several participants. */
const FRAME_RATE = 10;

/** An address of this machine that browsers do not trust like localhost. */
export const NOT_LOCALHOST = 'parley.test';

const BASE_ARGS = [
  `--host-resolver-rules=MAP ${NOT_LOCALHOST} 127.0.0.1`,
  '--disable-gpu',
  '--autoplay-policy=no-user-gesture-required',
  // Without these it contacts its maker's servers, which tests must not.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

function deviceArgs(devices: Devices, frameRate: number, cameras: number): string[] {
  const fake = '--use-fake-device-for-media-stream';
  switch (devices) {
    case 'fake':
      return [`${fake}=fps=${frameRate},device-count=${cameras}`, '--use-fake-ui-for-media-stream'];
    case 'denied':
      return [`${fake}=fps=${frameRate}`, '--use-fake-ui-for-media-stream=deny'];
    case 'no-camera':
      return [`${fake}=device-count=0`, '--use-fake-ui-for-media-stream'];
    case 'own':
      return ['--use-fake-ui-for-media-stream'];
  }
}

/** Whether a camera or a microphone is built in or plugged in. Chromium cannot pretend that none is. */
export function machineHasDevices(): boolean {
  if (process.platform !== 'linux') return true;
  const inputs = [
    ...globSync('/dev/video*'),
    // ALSA's capture devices end in "c", those for playback in "p".
    ...globSync('/dev/snd/pcm*c'),
  ];
  return inputs.length > 0;
}

export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(options: ChromiumOptions = {}): Promise<Chromium> {
    const { devices = 'fake', frameRate = FRAME_RATE, cameras = 1, film, trusted = [] } = options;
    const isRoot = process.getuid?.() === 0;
    const browser = await chromium.launch({
      executablePath: options.program ?? programPath('chromium'),
      args: [
        ...BASE_ARGS,
        ...deviceArgs(devices, frameRate, cameras),
        ...(film === undefined ? [] : [`--use-file-for-fake-video-capture=${film}`]),
        ...(trusted.length > 0
          ? [`--unsafely-treat-insecure-origin-as-secure=${trusted.join(',')}`]
          : []),
        // Its sandbox does not start as root; containers run tests as root.
        ...(isRoot ? ['--no-sandbox'] : []),
      ],
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

  /** The user agent without "Headless", as outside tests: libraries recognise browsers by it. */
  get #userAgent(): string {
    const [major] = this.#browser.version().split('.');
    return `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${major}.0.0.0 Safari/537.36`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

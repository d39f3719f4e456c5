// A call in a frame of a product's page, as a participant there has it. For Chromium and Firefox.
import assert from 'node:assert/strict';
import { Growing } from '../browser/growing.ts';
import type { StatsEntry } from '../browser/page-hooks.ts';
import { audioEnergies, videoFrames } from '../browser/rtc-stats.ts';
import { DEADLINES } from '../process/deadlines.ts';
import { until } from '../process/until.ts';
import type { Product } from './product.ts';

/** What both drivers of browsers call a frame. */
interface AnyFrame {
  url(): string;
  evaluate<R>(run: () => R | Promise<R>): Promise<R>;
}

/** Whatever holds a page's frames; the newest list each time. */
export interface AnyPage {
  frames(): AnyFrame[];
}

/** What the page of a product has recorded of its element. */
export interface Recorded {
  /** Names of events, in order. */
  names: string[];
  /** The newest detail of each. */
  details: Record<string, unknown>;
}

declare global {
  interface Window {
    recorded: Recorded;
  }
}

export interface ProductPageOptions {
  /** The server's address, with a slash at the end. */
  server: string;
  /** Attributes of the element, as HTML. */
  attributes: string;
  /** HTML before it. */
  before?: string;
}

/** A page with a call, which records what the element tells it. @returns its address */
export function productPage(
  product: Product,
  path: string,
  { server, attributes, before = '' }: ProductPageOptions,
): string {
  const names =
    "['ready', 'error', 'joined', 'room', 'connection', 'localTracks', 'remoteTracks', 'speakers', 'problem']";
  return product.page(
    path,
    `<h1>Your appointment</h1>${before}
    <script>
      window.recorded = { names: [], details: {} };
      for (const name of ${names}) {
        addEventListener(name, ({ target, detail }) => {
          if (target.localName !== 'parley-call') return;
          recorded.names.push(name);
          recorded.details[name] = detail instanceof Error
            ? { code: detail.code, message: detail.message, option: detail.option }
            : detail;
        }, { capture: true });
      }
    </script>
    <script type="module" src="${server}embed.js"></script>
    <parley-call ${attributes} style="height: 600px"></parley-call>`,
  );
}

/** The frame of the call. */
export async function callFrame<F extends AnyFrame>(page: { frames(): F[] }): Promise<F> {
  let found: F | undefined;
  await until('the frame of the call', () => {
    found = page.frames().find((frame) => new URL(frame.url()).pathname.startsWith('/embed/'));
    assert.ok(
      found,
      page
        .frames()
        .map((frame) => frame.url())
        .join(', '),
    );
  });
  assert.ok(found);
  return found;
}

/** Waits until `count` pictures move in the call's frame, and `count` voices are heard. */
export async function seesAndHears(page: AnyPage, count: number): Promise<void> {
  for (const measure of [videoFrames, audioEnergies]) {
    const values = new Growing();
    await until(
      `${count} to grow in the frame: ${measure.name}`,
      async () => {
        const stats: StatsEntry[][] = await (await callFrame(page)).evaluate(() =>
          window.parleyTest.stats(),
        );
        const growing = values.look(measure(stats), performance.now());
        assert.equal(growing.length, count, `${growing.length} do`);
      },
      { withinMs: DEADLINES.media },
    );
  }
}

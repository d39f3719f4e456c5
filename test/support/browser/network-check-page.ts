// The network check on the page: its lines, its verdict, its report.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import { until } from '../process/until.ts';
import type { Participant } from './participant.ts';

/** The signature without the outdated callbacks. */
type SetRemote = (description: RTCSessionDescriptionInit) => Promise<void>;

/** A path without an answer is given up after ten seconds. */
export const CHECKED_MS = 40_000;

/** The sentences of a page, with ordinary spaces. */
export async function textOf(locator: Locator): Promise<string> {
  return (await locator.innerText()).replaceAll('\u00a0', ' ');
}

export function lines(page: Page): Locator {
  return page.getByRole('list', { name: 'What was checked' }).getByRole('listitem');
}

/** Waits for it: a verdict may come before the last of what is tried is done. */
export async function says(page: Page, title: string | RegExp, text: RegExp): Promise<void> {
  const heading = page.getByRole('heading', { level: 3, name: title });
  await until(`a line ${title} that says ${text}`, async () => {
    const [found] = await lines(page).filter({ has: heading }).all();
    assert.ok(found, 'there is no such line');
    assert.match(await textOf(found), text);
  });
}

export async function verdict(page: Page, title: string): Promise<string> {
  const found = page
    .getByRole('status')
    .filter({ has: page.getByRole('heading', { name: title, exact: true }) });
  await found.waitFor({ timeout: CHECKED_MS });
  return textOf(found);
}

/** Waits for the end of a check, whatever its result. */
export async function isOver(page: Page): Promise<void> {
  await page.getByRole('progressbar', { name: 'Progress' }).waitFor();
  await page
    .getByRole('progressbar', { name: 'Progress' })
    .waitFor({ state: 'detached', timeout: CHECKED_MS });
}

/** The clipboard after "Copy report". */
export async function report(page: Page): Promise<string> {
  await page.evaluate(() => {
    navigator.clipboard.writeText = async (text) => {
      document.body.dataset.copied = text;
    };
  });
  await page.getByRole('button', { name: 'Copy report' }).click();
  await page.getByRole('button', { name: 'Report copied' }).waitFor();
  return page.evaluate(() => document.body.dataset.copied ?? '');
}

/** From here on candidates of these protocols lead nowhere, as if a firewall dropped the packets. */
export async function block(person: Participant, protocols: readonly string[]): Promise<void> {
  await person.page.addInitScript((blocked) => {
    const { prototype } = RTCPeerConnection;
    const original = prototype.setRemoteDescription as SetRemote;
    prototype.setRemoteDescription = function block(
      this: RTCPeerConnection,
      { type, sdp = '' }: RTCSessionDescriptionInit,
    ) {
      const relay = this.getConfiguration().iceTransportPolicy === 'relay';
      const changed = sdp.replace(
        /^(a=candidate:\S+ \d+ (\w+) \d+ \S+ )\d+/gm,
        (line: string, start: string, protocol: string) =>
          !relay && blocked.includes(protocol) ? `${start}9` : line,
      );
      return original.call(this, { type, sdp: changed });
    } as typeof prototype.setRemoteDescription;
  }, protocols);
}

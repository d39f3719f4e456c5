// Steps on the Recordings page: opened in front of a scripted API, and what is found there by role and name.
import type { Locator, Page } from 'playwright-core';
import type { RecordingDetails } from '../../../../shared/recording/recording.ts';
import type { PersonOptions, Scene } from '../scene.ts';
import { FakeRecordings } from './fake-recordings.ts';

type Window = NonNullable<PersonOptions['window']>;

export const items = (page: Page) =>
  page.getByRole('list', { name: 'Recordings' }).getByRole('listitem');
export const button = (within: Page | Locator, name: string) =>
  within.getByRole('button', { name, exact: true });
export const dialog = (page: Page) => page.getByRole('dialog');

export interface Opened {
  page: Page;
  fake: FakeRecordings;
  url: string;
}

/** @param at with the fragment that a call gives, unless it says otherwise */
export async function opened(
  scene: Scene,
  recordings: RecordingDetails[],
  { window, at }: { window?: Window; at?: string } = {},
): Promise<Opened> {
  const parley = await scene.parley();
  const { page } = await scene.person('Ann', { ...(window && { window }) });
  const fake = new FakeRecordings(recordings);
  await fake.serve(page);
  await page.goto(new URL(at ?? `recordings/blue#token=${fake.token}`, parley.url).href);
  return { page, fake, url: parley.url };
}

export function paused(page: Page): Promise<boolean> {
  return page.locator('video').evaluate((video: HTMLVideoElement) => video.paused);
}

// Steps of the tests of a page at size: a test in a page of its own, and what is found there by role and name.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import { Chromium } from '../chromium.ts';
import type { GalleryOptions } from './fake-call.ts';
import { openGallery } from './gallery.ts';

export const LARGE = { viewport: { width: 1920, height: 1080 } };
export const PHONE = { viewport: { width: 375, height: 667 }, isMobile: true, hasTouch: true };
/** 200 of them have a camera that is on: the last who came. */
export const HALL: GalleryOptions = { participants: 1_000, pictures: 200, frameRate: 1 };

export type InGallery = (
  name: string,
  options: GalleryOptions,
  window: BrowserContextOptions,
  body: (page: Page) => Promise<void>,
) => void;

/** Tests of one file share a browser. Each has a page of its own, which must not throw. */
export function galleryTests(): InGallery {
  let chromium: Chromium;
  before(async () => {
    chromium = await Chromium.launch();
  });
  after(() => chromium[Symbol.asyncDispose]());
  return (name, options, window, body) => {
    test(name, async () => {
      const page = await openGallery(chromium, options, window);
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      try {
        await body(page);
        assert.deepEqual(errors, []);
      } finally {
        await page.context().close();
      }
    });
  };
}

export function tiles(page: Page): Locator {
  return page.getByRole('article');
}

/** Waits until this text is there, such as "Page 1 of 21". */
export function reads(page: Page, text: string): Promise<void> {
  return page.getByText(text, { exact: true }).waitFor();
}

export function list(page: Page): Locator {
  return page.getByRole('list', { name: 'Participants' });
}

export function rows(page: Page): Locator {
  return list(page).getByRole('listitem');
}

export async function openList(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Participants/ }).click();
  await rows(page).first().waitFor();
}

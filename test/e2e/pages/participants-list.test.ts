// The list of a room's participants: few rows in the document, whatever the size of the room.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { violations } from '../../support/browser/axe.ts';
import {
  galleryTests,
  HALL,
  LARGE,
  list,
  openList,
  PHONE,
  reads,
  rows,
  tiles,
} from '../../support/browser/gallery/steps.ts';
import { tabTo } from '../../support/browser/keyboard.ts';
import { until } from '../../support/process/until.ts';

/** Rows in view in the largest window, and a few more. */
const MOST_ROWS = 32;
/** What a finger can hit; see look.md and WCAG 2.5.5. CSS pixels. */
const TOUCH_TARGET = 44;
const inGallery = galleryTests();

const searchField = (page: Page) => page.getByRole('searchbox', { name: 'Search participants' });

inGallery('1,000 names are a list with a count, and few rows', HALL, LARGE, async (page) => {
  const button = page.getByRole('button', { name: 'Participants (1,000)', exact: true });
  await tabTo(button);
  await page.keyboard.press('Enter');
  await rows(page).filter({ hasText: 'Björn Ångström 1' }).first().waitFor();
  const bounded = async () => assert.ok((await rows(page).count()) <= MOST_ROWS);
  await bounded();
  const first = rows(page).first();
  assert.equal(await first.getAttribute('aria-setsize'), '1000');
  assert.equal(await first.getAttribute('aria-posinset'), '1');

  await tabTo(list(page));
  await page.keyboard.press('End');
  const last = rows(page).and(page.locator('[aria-posinset="1000"]'));
  await last.waitFor();
  await bounded();
  assert.deepEqual(await violations(page), []);

  // A row with the focus stays, wherever the list is scrolled.
  const pin = last.getByRole('button', { name: /^Pin / });
  await pin.focus();
  await list(page).evaluate((element) => element.scrollTo(0, 0));
  await first.and(page.locator('[aria-posinset="1"]')).waitFor();
  await bounded();
  assert.ok(await pin.evaluate((element) => element === document.activeElement));
  await page.keyboard.press('Enter');
  await tiles(page).and(page.locator('[data-role="stage"]')).waitFor();

  await page.keyboard.press('Escape');
  await list(page).waitFor({ state: 'detached' });
  assert.ok(await button.evaluate((element) => element === document.activeElement));
});

inGallery(
  'a name is found by a part of it, and nobody is no dead end',
  HALL,
  LARGE,
  async (page) => {
    await openList(page);
    await searchField(page).fill('angstrom 995');
    await page.getByText('1 found', { exact: true }).waitFor();
    assert.deepEqual(await rows(page).locator('bdi').allTextContents(), ['Dmitri Ångström 995']);
    await searchField(page).fill('qqq');
    await page.getByText('No name here has “qqq” in it.').waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', { name: 'Show everybody' }).click();
    await rows(page).first().waitFor();
    assert.equal(await rows(page).first().getAttribute('aria-setsize'), '1000');
  },
);

inGallery(
  'the list follows a small room',
  { participants: 9, pictures: 4 },
  LARGE,
  async (page) => {
    await openList(page);
    assert.equal(await rows(page).count(), 9);
    const row = rows(page).filter({ hasText: 'Björn Ångström 1' });
    await row.getByRole('img', { name: 'Microphone on' }).waitFor();
    await page.evaluate(() => window.gallery.mutes(1, true));
    await row.getByRole('img', { name: 'Microphone off' }).waitFor();
    await page.evaluate(() => window.gallery.leaves(1));
    await row.waitFor({ state: 'detached' });
    await page.evaluate(() => window.gallery.join(1));
    await page.getByRole('button', { name: 'Participants (9)' }).waitFor();
    await rows(page).filter({ hasText: 'Björn Rossi 9' }).waitFor();
    assert.equal(await page.evaluate(() => window.gallery.asked), 0);
  },
);

inGallery(
  'of a room that the page knows in part, the list asks for what is looked at',
  { ...HALL, known: 60 },
  LARGE,
  async (page) => {
    await openList(page);
    await rows(page).filter({ hasText: 'Björn Ångström 1' }).first().waitFor();
    // Past everybody, at once: what lies between is not asked for.
    await list(page).evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await rows(page).filter({ hasText: 'Hiroshi O’Neill 999' }).waitFor();
    const asked = await page.evaluate(() => window.gallery.askedOffsets);
    assert.deepEqual([...new Set(asked)], [0, 950]);
    await searchField(page).fill('zzz');
    await page.getByText('No name here has “zzz” in it.').waitFor();
    await searchField(page).fill('nakamura 9');
    await page.getByText(/^\d+ found$/).waitFor();
    await rows(page).filter({ hasText: 'Nakamura 95' }).first().waitFor();
    await until('the rows in view to be asked for again', async () => {
      const before = await page.evaluate(() => window.gallery.asked);
      await page.evaluate(() => window.gallery.mutes(95, true));
      await until('another request', async () => {
        assert.ok((await page.evaluate(() => window.gallery.asked)) > before);
      });
    });
  },
);

inGallery('on a phone nothing overflows, and everything can be hit', HALL, PHONE, async (page) => {
  await reads(page, 'Page 1 of 167');
  const fits = async (what: string) => {
    const found = await page.evaluate((target) => {
      const { clientWidth, clientHeight } = document.documentElement;
      return [...document.querySelectorAll('button, input')]
        .filter((element) => element.checkVisibility({ opacityProperty: true }))
        .filter((element) => !element.closest('[inert]'))
        .map((element) => ({ element, box: element.getBoundingClientRect() }))
        .filter(
          ({ element, box }) =>
            // Rows below the edge are scrolled to.
            !element.closest('li') &&
            (box.width < target ||
              box.height < target ||
              box.left < 0 ||
              box.right > clientWidth ||
              box.bottom > clientHeight),
        )
        .map(({ element, box }) => `${element.ariaLabel}: ${JSON.stringify(box)}`);
    }, TOUCH_TARGET);
    assert.deepEqual(found, [], what);
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.equal(overflow, 0, what);
  };
  await fits('the call');
  await openList(page);
  await fits('the list');
  const pin = rows(page).first().getByRole('button');
  const box = await pin.boundingBox();
  assert.ok(box && box.width >= TOUCH_TARGET && box.height >= TOUCH_TARGET);
  assert.deepEqual(await violations(page), []);
});

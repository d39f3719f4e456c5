// The stage at size: 49 pictures of 1,000 participants. What the document holds is bounded, and what is there stays.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import {
  galleryTests,
  HALL,
  LARGE,
  PHONE,
  reads,
  tiles,
} from '../../support/browser/gallery/steps.ts';
import { until } from '../../support/process/until.ts';

const MOVING = { ...LARGE, reducedMotion: 'no-preference' } as const;
const inGallery = galleryTests();

const nextPage = (page: Page) => page.getByRole('button', { name: 'Next people' });
const previousPage = (page: Page) => page.getByRole('button', { name: 'Previous people' });

/** The place of each tile that is shown, by name. */
function places(page: Page): Promise<Record<string, string>> {
  return tiles(page).evaluateAll((articles) =>
    Object.fromEntries(
      articles
        .filter((article) => article.checkVisibility())
        .map((article) => {
          const { x, y, width, height } = article.getBoundingClientRect();
          return [article.querySelector('bdi')?.textContent, [x, y, width, height].join(' ')];
        }),
    ),
  );
}

/** Waits until every tile but the own one shows a picture. */
function allPictures(page: Page, count: number): Promise<void> {
  return until(`${count} pictures to be shown`, async () => {
    const shown = await page.locator('video[data-shown="true"]:visible').count();
    assert.equal(shown, count);
  });
}

/** Two reports: one alone is a cough. */
async function speaks(page: Page, index: number): Promise<void> {
  await page.evaluate((speaker) => window.gallery.speak(speaker), index);
  await page.evaluate(() => new Promise(requestAnimationFrame));
  await page.evaluate((speaker) => window.gallery.speak(speaker), index);
}

for (const [where, viewport, count] of [
  ['a large window', LARGE.viewport, 49],
  ['a laptop', { width: 1280, height: 800 }, 16],
  ['a phone', PHONE.viewport, 6],
  ['a phone on its side', { width: 667, height: 375 }, 6],
] as const) {
  inGallery(
    `${where} shows ${count} of 1,000, pictures first`,
    HALL,
    { viewport },
    async (page) => {
      await allPictures(page, count - 1);
      assert.equal(await tiles(page).count(), count);
      await tiles(page).filter({ hasText: 'Me (you)' }).waitFor();
      assert.ok((await page.evaluate(() => window.gallery.subscribed.size)) <= count);
    },
  );
}

inGallery('a page that is turned back has the same videos', HALL, LARGE, async (page) => {
  await reads(page, 'Page 1 of 21');
  await allPictures(page, 48);
  const first = await page.evaluateHandle(() => [...document.querySelectorAll('video')]);
  await nextPage(page).click();
  await reads(page, 'Page 2 of 21');
  await allPictures(page, 49);
  await previousPage(page).click();
  await allPictures(page, 48);
  const same = await first.evaluate((videos) =>
    videos.every((video) => video.isConnected && video.checkVisibility()),
  );
  assert.ok(same, 'videos were made again');

  // However many pages are turned, the document has two of them at most.
  for (let turned = 2; turned <= 6; turned++) {
    await nextPage(page).click();
    await reads(page, `Page ${turned} of 21`);
    assert.ok((await page.locator('article').count()) <= 98);
  }
});

inGallery('whoever speaks comes into view, and nobody else moves', HALL, LARGE, async (page) => {
  await allPictures(page, 48);
  const before = await places(page);
  const videos = await page.evaluateHandle(() => [...document.querySelectorAll('video')]);
  // Without a picture, on one of the last pages.
  await speaks(page, 5);
  await tiles(page).filter({ hasText: 'Fatima O’Neill 5' }).waitFor();
  const now = await places(page);
  const stayed = Object.keys(before).filter((name) => before[name] === now[name]);
  assert.equal(stayed.length, 48);
  const [came = ''] = Object.keys(now).filter((name) => !(name in before));
  const [went = ''] = Object.keys(before).filter((name) => !(name in now));
  assert.equal(now[came], before[went]);
  const connected = await videos.evaluate((all) => all.every((video) => video.isConnected));
  assert.ok(connected, 'a video was made again');
  assert.equal(
    await page.getByRole('article').and(page.locator('[data-speaking="true"]')).count(),
    1,
  );

  // Somebody with a picture comes in the place of somebody without one, not of a picture.
  await page.evaluate(() => window.gallery.speak());
  await speaks(page, 830);
  const name = await page.evaluate(() => window.gallery.room.participants[830]?.name ?? '');
  await tiles(page).filter({ hasText: name }).waitFor();
});

inGallery('keys and a finger turn the page', HALL, PHONE, async (page) => {
  await reads(page, 'Page 1 of 167');
  await page.keyboard.press('PageDown');
  await reads(page, 'Page 2 of 167');
  await page.keyboard.press('PageUp');
  await reads(page, 'Page 1 of 167');
  await swipe(page, 300, 60);
  await reads(page, 'Page 2 of 167');
  await swipe(page, 60, 300);
  await reads(page, 'Page 1 of 167');
  assert.equal(await previousPage(page).getAttribute('aria-disabled'), 'true');
});

async function swipe(page: Page, from: number, to: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x?: number) =>
    session.send('Input.dispatchTouchEvent', {
      type,
      touchPoints: x === undefined ? [] : [{ x, y: 300 }],
    });
  await touch('touchStart', from);
  await touch('touchMove', (from + to) / 2);
  await touch('touchMove', to);
  await touch('touchEnd');
  await session.detach();
}

inGallery(
  'with many tiles nothing is animated; with few, nothing for ever',
  HALL,
  MOVING,
  async (page) => {
    await allPictures(page, 48);
    for (const speaker of [801, 802, 803]) await speaks(page, speaker);
    await nextPage(page).click();
    await page.evaluate(() => window.gallery.mutes(850, true));
    const onStage = await page.evaluate(async () => {
      await new Promise(requestAnimationFrame);
      return document
        .getAnimations()
        .map(({ effect }) => effect instanceof KeyframeEffect && effect.target)
        .filter((target) => target instanceof Element && target.closest('.stage, .status') !== null)
        .length;
    });
    assert.equal(onStage, 0);
    await page.setViewportSize(PHONE.viewport);
    const endless = () =>
      page.evaluate(
        () =>
          document
            .getAnimations()
            .filter(
              ({ effect }) => effect?.getComputedTiming().endTime === Number.POSITIVE_INFINITY,
            ).length,
      );
    assert.equal(await endless(), 0);
  },
);

inGallery('nothing reads statistics while nobody looks at them', HALL, LARGE, async (page) => {
  await allPictures(page, 48);
  assert.equal(await page.evaluate(() => window.gallery.statsAsked), 0);
  await page.keyboard.press('s');
  const panel = page.getByRole('region', { name: 'Call statistics' });
  // One line for each picture that is shown, however many the room has.
  await until('the lines to be there', async () =>
    assert.equal(await panel.locator('dt').count(), 3 + 48),
  );
  assert.ok((await page.evaluate(() => window.gallery.statsAsked)) <= 3);
});

inGallery(
  'of a room that the page knows in part, a page of strangers has names and pictures',
  { ...HALL, known: 25 },
  LARGE,
  async (page) => {
    // Those with pictures, and the viewer: the audience is in the list.
    await reads(page, 'Page 1 of 5');
    await allPictures(page, 48);
    assert.equal(await tiles(page).count(), 49);
    const first = await places(page);
    await nextPage(page).click();
    await reads(page, 'Page 2 of 5');
    await allPictures(page, 49);
    for (const turned of [3, 4]) {
      await nextPage(page).click();
      await reads(page, `Page ${turned} of 5`);
    }
    await allPictures(page, 49);
    const asked = await page.evaluate(() => window.gallery.asked);
    assert.ok(asked <= 5, `${asked} pages of participants were asked for`);
    for (const turned of [3, 2, 1]) {
      await previousPage(page).click();
      await reads(page, `Page ${turned} of 5`);
    }
    await allPictures(page, 48);
    assert.deepEqual(await places(page), first);

    // Somebody who is looked at leaves: the tile goes, and another picture comes.
    const [, gone = ''] = Object.keys(first);
    await page.evaluate((name) => {
      const { participants } = window.gallery.room;
      const left = participants.find((participant) => participant.name === name);
      window.gallery.leaves(Number(left?.id.split('-').at(-1)));
    }, gone);
    await tiles(page).filter({ hasText: gone }).waitFor({ state: 'detached' });
    await allPictures(page, 48);
  },
);

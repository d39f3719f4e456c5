// Before a call that is recorded, and after it: what people are told, and the way to the recordings.
import assert from 'node:assert/strict';
import type { Page, Route } from 'playwright-core';
import { violations } from '../../support/browser/axe.ts';
import { type PersonOptions, type Scene, story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';

type Window = NonNullable<PersonOptions['window']>;

const WINDOWS: Readonly<Record<string, Window>> = {
  'a wide screen': { viewport: { width: 1280, height: 800 } },
  'a phone': { viewport: { width: 375, height: 667 }, isMobile: true, hasTouch: true },
};
const SERVED = /\/api\/rooms\/[^/]+\/recording$/;

const notice = (page: Page) => page.getByRole('status').filter({ hasText: 'record' });
const join = (page: Page) => page.getByRole('button', { name: 'Join', exact: true });

async function opened(scene: Scene, answer: (route: Route) => Promise<void>, window?: Window) {
  const parley = await scene.parley();
  const ann = await scene.person('Ann', { ...(window && { window }) });
  await ann.page.route(SERVED, answer);
  await ann.open(parley.room('blue'));
  return ann;
}

for (const [where, window] of Object.entries(WINDOWS)) {
  story(`newcomers see that a call is recorded before they join, on ${where}`, async (scene) => {
    let recording: { paused: boolean; startedAt: number } | null = null;
    let asked = 0;
    const { page } = await opened(
      scene,
      async (route) => {
        asked += 1;
        await route.fulfill({ json: { recording } });
      },
      window,
    );
    await until('the page to have asked', () => assert.ok(asked > 0));
    assert.equal(await notice(page).count(), 0);
    const before = await join(page).boundingBox();

    recording = { paused: false, startedAt: Date.now() };
    await notice(page).getByText('This call is being recorded.').waitFor();
    const box = await notice(page).boundingBox();
    const height = page.viewportSize()?.height ?? 0;
    assert.ok(box && box.y + box.height <= height, 'it is on the screen without scrolling');
    assert.deepEqual(await join(page).boundingBox(), before, 'Join has not moved');
    assert.deepEqual(await violations(page), []);

    recording = { paused: true, startedAt: Date.now() };
    await notice(page).getByText('Recording of this call is paused').waitFor();
    recording = null;
    await notice(page).waitFor({ state: 'hidden' });
  });
}

story('a server that does not record is asked once, and nobody reads of it', async (scene) => {
  let asked = 0;
  const { page } = await opened(scene, async (route) => {
    asked += 1;
    await route.fulfill({ status: 404, json: { error: { code: 'not_found', message: '' } } });
  });
  await until('the page to have asked', () => assert.ok(asked > 0));
  // Seen again, a page asks at once if it asks at all.
  await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await join(page).click();
  await page.getByRole('button', { name: 'Leave', exact: true }).waitFor();
  assert.equal(asked, 1);
});

story('an answer that does not come delays no join', async (scene) => {
  const ann = await opened(scene, async () => {});
  await ann.clickJoin();
});

story(
  'after the call there is a way to its recordings, for whoever may see them',
  async (scene) => {
    const parley = await scene.parley();
    const ann = await scene.person('Ann');
    const recordings = ann.page.getByRole('link', { name: 'Recordings' });
    await ann.join(parley.room('blue'));
    await ann.leave();
    assert.equal(await recordings.count(), 0);

    await ann.page.evaluate(() => {
      const expiresAt = Math.ceil(Date.now() / 1000) + 60;
      const kept = JSON.stringify([{ token: 'given-by-the-call', expiresAt }]);
      localStorage.setItem('parley.recordings:blue', kept);
    });
    await ann.join(parley.room('blue'));
    await ann.leave();
    assert.deepEqual(await violations(ann.page), []);
    const asked = ann.page.waitForRequest(/\/api\/recordings\?room=blue/);
    await ann.page.route(/\/api\/recordings/, (route) =>
      route.fulfill({ json: { recordings: [], cursor: null } }),
    );
    await recordings.click();
    assert.equal((await asked).headers().authorization, 'Bearer given-by-the-call');
    await ann.page.getByRole('heading', { name: 'Recordings of blue' }).waitFor();
    await ann.page.getByText('Nothing is recorded yet').waitFor();
  },
);

// Films and tracks on the Recordings page: played, sought in, saved, shared, ordered and cancelled.
import assert from 'node:assert/strict';
import { tabTo } from '../../support/browser/keyboard.ts';
import { recorded } from '../../support/browser/recordings/fake-recordings.ts';
import { button, dialog, items, opened, paused } from '../../support/browser/recordings/page.ts';
import { story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';

story('a film is played, sought in by ranges, saved and shared', async (scene) => {
  const { page, fake } = await opened(scene, [recorded(0)]);
  await scene.step('it plays', async () => {
    await button(items(page), 'Play').click();
    await until('the film to play', async () => assert.equal(await paused(page), false));
  });
  await scene.step('from where one wants', async () => {
    await page.locator('video').evaluate((video: HTMLVideoElement) => {
      video.currentTime = 15;
    });
    await until('it to go on there', async () => {
      const at = await page
        .locator('video')
        .evaluate((video: HTMLVideoElement) => video.currentTime);
      assert.ok(at > 15);
    });
    assert.ok(fake.ranges.length > 0);
  });
  await scene.step('when its address has ended, another one is asked for', async () => {
    const before = fake.asked('POST', '/tickets').length;
    await page.locator('video').evaluate((video) => video.dispatchEvent(new Event('error')));
    await until('another address', () =>
      assert.equal(fake.asked('POST', '/tickets').length, before + 1),
    );
    await page.locator('video').waitFor();
  });
  await scene.step('a track and a film are saved', async () => {
    for (const [name, file] of [
      ['Ann, camera', 'ann-camera-0.webm'],
      ['Grid, MP4', 'grid.mp4'],
    ] as const) {
      const saved = page.waitForEvent('download');
      await button(page.getByRole('listitem', { name }), 'Download').click();
      assert.equal((await saved).suggestedFilename(), file);
    }
    const kinds = fake.asked('POST', '/tickets').map(({ body }) => (body as { kind: string }).kind);
    assert.deepEqual(kinds.slice(-2), ['file', 'file']);
  });
  await scene.step('a link for a day is made by keyboard, and copied', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await button(page, 'Share').focus();
    await page.keyboard.press('Enter');
    await tabTo(dialog(page).getByRole('radio', { name: '7 days' }));
    await page.keyboard.press('ArrowUp');
    await tabTo(button(dialog(page), 'Create link'));
    await page.keyboard.press('Enter');
    await dialog(page)
      .getByText(/^It works until 29 November 2026/)
      .waitFor();
    const [{ body } = { body: undefined }] = fake.asked('POST', '/links');
    assert.deepEqual(body, { name: 'grid.mp4', expiresIn: 86_400 });
    await button(dialog(page), 'Copy').click();
    await button(dialog(page), 'Copied').waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.equal(copied, new URL('/made-up/shared/grid.mp4', page.url()).href);
  });
});

story('from the list a film is saved and shared without opening it', async (scene) => {
  const { page } = await opened(scene, [recorded(0), recorded(1, { films: [] })]);
  const saved = page.waitForEvent('download');
  await button(items(page).first(), 'Download').click();
  assert.equal((await saved).suggestedFilename(), 'grid.mp4');
  await button(items(page).first(), 'Share').click();
  await button(dialog(page), 'Create link').waitFor();
  await page.keyboard.press('Escape');
  await button(items(page).nth(1), 'Share').click();
  await items(page)
    .nth(1)
    .getByRole('alert')
    .getByText(/no film that is ready/)
    .waitFor();
});

story(
  'another film is ordered, followed, cancelled, and played when it is ready',
  async (scene) => {
    const recording = recorded(0);
    const { page, fake } = await opened(scene, [recording]);
    await items(page).getByRole('link').click();
    const order = async (layout: string) => {
      await button(page, 'Make another film').click();
      await dialog(page).getByRole('radio', { name: layout }).check();
      await dialog(page).getByRole('radio', { name: 'WebM' }).check();
      await button(dialog(page), 'Make film').click();
      await dialog(page).waitFor({ state: 'detached' });
    };
    const row = (name: string) => page.getByRole('listitem', { name });
    await order('Speaker');
    await row('Speaker, WebM').getByText('Waits for its turn').waitFor();
    const [{ body } = { body: undefined }] = fake.asked('POST', '/films');
    assert.deepEqual(body, { layout: 'speaker', format: 'webm', chat: false });
    fake.film(recording.id, 'job-2', { state: 'rendering', progress: 0.5 });
    await row('Speaker, WebM').getByText('Being made, 50 %').waitFor();
    fake.film(recording.id, 'job-2', { state: 'ready', progress: 1, name: 'speaker.webm' });
    await button(row('Speaker, WebM'), 'Play').click();
    await page.getByLabel('Film: Speaker, WebM').waitFor();

    await order('Screen');
    await button(row('Screen, WebM'), 'Cancel').click();
    await row('Screen, WebM').getByText('Cancelled').waitFor();
  },
);

// The Recordings page with everything on it, in front of an API that a test scripts: who gets in, what is shown, and what
// can be done, by keyboard and on a phone.
import assert from 'node:assert/strict';
import type { Locator, Page } from 'playwright-core';
import type { RecordingDetails } from '../../../shared/recording/recording.ts';
import { violations } from '../../support/browser/axe.ts';
import { FakeRecordings, film, gap, recorded } from '../../support/browser/fake-recordings.ts';
import { hasFocus, tabTo } from '../../support/browser/keyboard.ts';
import { type PersonOptions, type Scene, story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';

type Window = NonNullable<PersonOptions['window']>;

const WINDOWS: Readonly<Record<string, Window>> = {
  'a wide screen': { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  'a wide screen in the dark': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  'a phone': { viewport: { width: 375, height: 667 }, isMobile: true, hasTouch: true },
};

const items = (page: Page) => page.getByRole('list', { name: 'Recordings' }).getByRole('listitem');
const button = (within: Page | Locator, name: string) =>
  within.getByRole('button', { name, exact: true });
const dialog = (page: Page) => page.getByRole('dialog');

interface Opened {
  page: Page;
  fake: FakeRecordings;
  url: string;
}

/** @param at with the fragment that a call gives, unless it says otherwise */
async function opened(
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

function paused(page: Page): Promise<boolean> {
  return page.locator('video').evaluate((video: HTMLVideoElement) => video.paused);
}

for (const [where, window] of Object.entries(WINDOWS)) {
  story(`no state of the page has a barrier, and none is too wide, on ${where}`, async (scene) => {
    const running = recorded(0, { state: 'running', endedAt: null, films: [] });
    const films = [
      film('job-0', { state: 'rendering', progress: 0.4 }),
      film('job-1', { layout: 'audio', state: 'failed', problem: 'The disk is full.' }),
    ];
    const { page } = await opened(
      scene,
      [running, recorded(1, { state: 'finishing', films }), recorded(2, { gaps: [gap()] })],
      { window },
    );
    const fine = async (state: string) => {
      assert.deepEqual(await violations(page), [], state);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.equal(overflow, 0, `${state} is too wide`);
    };
    await items(page).nth(2).waitFor();
    assert.doesNotMatch(page.url(), /token/);
    await fine('the list');
    await items(page).first().getByRole('link').click();
    await page.getByText(/still being recorded/).waitFor();
    await fine('one that runs');
    await page.goBack();
    await items(page).nth(1).getByRole('link').click();
    await page.getByRole('progressbar', { name: 'Progress of Grid, MP4' }).waitFor();
    await fine('one that is prepared');
    await page.goBack();
    await items(page).nth(2).getByRole('link').click();
    await page.getByText(/A part of the server was lost/).waitFor();
    await page.locator('video').waitFor();
    await fine('one that is ready');
    for (const name of ['Make another film', 'Share', 'Delete']) {
      await button(page, name).click();
      await dialog(page).waitFor();
      await fine(name);
      await button(dialog(page), 'Close').click();
    }
  });
}

story('the list is read page by page, and each item says what it is', async (scene) => {
  const all = Array.from({ length: 7 }, (_, index) => recorded(index));
  const { page, fake } = await opened(scene, all);
  await items(page).nth(2).waitFor();
  assert.equal(await items(page).count(), 3);
  const first = items(page).first();
  assert.match(
    (await first.getAttribute('aria-label')) ?? '',
    /^blue, \d+ November 2026, \d\d:\d\d$/,
  );
  assert.match(await first.innerText(), /42 min[\s\S]*Ann[\s\S]*84\.3 MB[\s\S]*Ready/);
  await button(page, 'Load more').click();
  await items(page).nth(5).waitFor();
  assert.ok(await hasFocus(items(page).nth(3).getByRole('link')));
  await button(page, 'Load more').click();
  await items(page).nth(6).waitFor();
  await button(page, 'Load more').waitFor({ state: 'detached' });

  await scene.step('a search finds names, and says when there are none', async () => {
    const field = page.getByRole('searchbox', { name: 'Search recordings' });
    await field.fill('chiara');
    await page.getByRole('status').getByText('2 recordings found').waitFor();
    assert.equal(await items(page).count(), 2);
    await field.fill('nobody');
    await page.getByText(/Nothing was found for “nobody”/).waitFor();
    await field.fill('');
    await items(page).nth(2).waitFor();
    assert.ok(fake.requests.length > 0);
  });
});

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

story('a recording is deleted after a question, and the focus stays somewhere', async (scene) => {
  const { page, fake } = await opened(scene, [recorded(0), recorded(1)]);
  await button(items(page).first(), 'Delete').click();
  await button(dialog(page), 'Cancel').click();
  assert.equal(fake.recordings.length, 2);
  await button(items(page).first(), 'Delete').click();
  await dialog(page)
    .getByText(/Nobody can bring it back/)
    .waitFor();
  await button(dialog(page), 'Delete').click();
  await until('one to be left', async () => assert.equal(await items(page).count(), 1));
  await until('the focus to be on the next one', async () =>
    assert.ok(await hasFocus(items(page).getByRole('link'))),
  );
  await items(page).getByRole('link').click();
  await button(page, 'Delete').click();
  await button(dialog(page), 'Delete').click();
  await page.getByText('Nothing is recorded yet').waitFor();
  assert.equal(fake.recordings.length, 0);
});

story('what is under way changes before one’s eyes', async (scene) => {
  const running = recorded(0, { state: 'running', endedAt: null, films: [] });
  const { page, fake } = await opened(scene, [running]);
  await items(page).getByText('Recording now').waitFor();
  const found = fake.find(running.id);
  if (found) found.state = 'finishing';
  await items(page).getByText('Being prepared').waitFor();
  Object.assign(found ?? {}, recorded(0));
  await button(items(page), 'Play').waitFor();
  fake.recordings.unshift(recorded(-1));
  assert.equal(await items(page).count(), 1, 'what is over is not asked for again by itself');
  await page.reload();
  await items(page).nth(1).waitFor();
});

story('a server that does not answer is said, and what was read stays', async (scene) => {
  const { page, fake } = await opened(scene, [recorded(0, { state: 'finishing' })]);
  await items(page).waitFor();
  fake.broken = 502;
  await page
    .getByRole('alert')
    .getByText(/What you see may be old/)
    .waitFor();
  assert.equal(await items(page).count(), 1);
  assert.deepEqual(await violations(page), []);
  fake.broken = undefined;
  await button(page, 'Try again').click();
  await page.getByRole('alert').waitFor({ state: 'detached' });
});

story('access that has ended leads to where it is given; operators sign in', async (scene) => {
  const { page, fake, url } = await opened(scene, [recorded(0), recorded(1, { room: 'red' })], {
    at: 'recordings/blue#token=an-old-one',
  });
  await page
    .getByRole('alert')
    .getByText(/Join blue again/)
    .waitFor();
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  await scene.step('an operator sees one room', async () => {
    await page.getByLabel('AUTH_TOKEN of this server').fill(fake.token);
    await page.getByRole('checkbox', { name: 'Keep for this tab' }).check();
    await page.keyboard.press('Enter');
    await items(page).waitFor();
  });
  await scene.step('and all rooms, in the same tab', async () => {
    await page.goto(new URL('recordings', url).href);
    await page.getByRole('listitem', { name: /^red, / }).waitFor();
    assert.equal(await items(page).count(), 2);
    await button(page, 'Sign out').click();
    await page.getByLabel('AUTH_TOKEN of this server').waitFor();
  });
});

story('an address of a recording opens it, and one that is gone is said', async (scene) => {
  const recording = recorded(0);
  const { page, fake, url } = await opened(scene, [recording]);
  await items(page).waitFor();
  const at = (id: string) => new URL(`recordings/blue?recording=${id}`, url).href;
  await page.goto(at(recording.id));
  await page.getByRole('heading', { name: 'Films' }).waitFor();
  assert.equal(await paused(page), true);
  fake.recordings = [];
  await page.goto(at('20250101T000000Z-aaaaaaaaaa'));
  await page.getByRole('alert').getByText('There is no such recording.').waitFor();
  await page.getByRole('link', { name: 'All recordings' }).click();
  await page.getByText('Nothing is recorded yet').waitFor();
});

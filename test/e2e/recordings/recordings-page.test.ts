// The Recordings page with everything on it, in front of an API that a test scripts: who gets in, what is shown, and what
// can be done, by keyboard and on a phone.
import assert from 'node:assert/strict';
import { violations } from '../../support/browser/axe.ts';
import { hasFocus } from '../../support/browser/keyboard.ts';
import { film, gap, recorded } from '../../support/browser/recordings/fake-recordings.ts';
import { button, dialog, items, opened, paused } from '../../support/browser/recordings/page.ts';
import { type PersonOptions, story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';

type Window = NonNullable<PersonOptions['window']>;

const WINDOWS: Readonly<Record<string, Window>> = {
  'a wide screen': { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
  'a wide screen in the dark': { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' },
  'a phone': { viewport: { width: 375, height: 667 }, isMobile: true, hasTouch: true },
};

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
    await button(page, 'Delete').waitFor();
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

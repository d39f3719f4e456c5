// A call of real browsers is recorded, from the press of Record to the film on the Recordings page.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import {
  indexIn,
  probe,
  recordFolder,
  trackFile,
  tracksGrow,
} from '../../support/recording/recorded.ts';

/** Finishing takes some seconds, and rendering the recorded time on a busy machine several times over. */
const FILM = { withinMs: 150_000 };

const record = (page: Page) => page.getByRole('button', { name: 'Record', exact: true });
const status = (page: Page) => page.getByRole('status').filter({ hasText: 'Recording' });

story('a call is recorded in the browser, and its film is played there', async (scene, context) => {
  const folder = await recordFolder(context);
  const parley = await scene.parley({
    ...{ RECORD_ENABLED: '1', RECORD_DIR: folder, RECORD_FILM_HEIGHT: '180' },
  });
  const url = parley.room('green');
  const ann = await scene.person('Ann');
  await ann.join(url);
  const bob = await scene.person('Bob');

  await scene.step('Ann presses Record, and it shows', async () => {
    await record(ann.page).click();
    await status(ann.page).waitFor();
    await until('the button to be pressed', async () =>
      assert.equal(await record(ann.page).getAttribute('aria-pressed'), 'true'),
    );
  });

  await scene.step('who is about to join sees it', async () => {
    await bob.page.goto(url);
    await bob.page.getByRole('status').filter({ hasText: 'being recorded' }).waitFor();
    await bob.join(url);
    await status(bob.page).waitFor();
  });

  await scene.step('some seconds of both are recorded', async () => {
    await tracksGrow(folder, 4, { bytes: 20_000, withinMs: DEADLINES.mediaRebuilt });
  });

  await scene.step('Ann stops it, and nobody is recorded any more', async () => {
    await record(ann.page).click();
    await ann.page.getByRole('menuitem', { name: /^Stop/ }).click();
    await until('the status to be gone', async () => {
      for (const { page } of [ann, bob]) assert.equal(await status(page).count(), 0);
    });
  });

  await scene.step('the files are whole', async () => {
    await until(
      'the recording to be ready',
      async () => {
        const [entry] = await indexIn(folder);
        assert.equal(entry?.state, 'ready');
        assert.ok(entry.files.length >= 4);
      },
      FILM,
    );
    const [entry] = await indexIn(folder);
    assert.ok(entry);
    for (const { name, kind } of entry.files) {
      const { codec, times } = await probe(trackFile(folder, entry, name));
      assert.equal(codec, kind === 'audio' ? 'opus' : 'vp8');
      assert.ok(times.length > 0);
    }
  });

  await scene.step('after the call the film plays on the Recordings page', async () => {
    await ann.page.getByRole('button', { name: 'Leave' }).click();
    await ann.page.getByRole('link', { name: 'Recordings' }).click();
    await ann.page.getByRole('listitem').first().waitFor();
    await until(
      'the film to be made',
      async () => {
        const [entry] = await indexIn(folder);
        assert.equal(entry?.films?.length, 1);
      },
      FILM,
    );
    await ann.page.getByRole('listitem').first().getByRole('button', { name: /^Play/ }).click();
    const video = ann.page.locator('video');
    await video.waitFor();
    await until('the film to play', async () => {
      const at = await video.evaluate((element: HTMLVideoElement) => {
        void element.play();
        return element.currentTime;
      });
      assert.ok(at > 0.5, String(at));
    });
  });
});

// Each video codec of a real browser is recorded as it was sent, with a screen, muted and unmuted.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { VIDEO_CODECS, type VideoCodec } from '../../../shared/media/media.ts';
import { installAbleDevice } from '../../support/browser/hooks/codec-hooks.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import {
  indexIn,
  probe,
  readyEntry,
  recordFolder,
  trackFile,
  tracksGrow,
} from '../../support/recording/recorded.ts';
import type { Owner } from '../../support/server/owned.ts';

const FILM = { withinMs: 150_000 };
const FFPROBE_NAMES: Record<VideoCodec, string> = {
  VP8: 'vp8',
  VP9: 'vp9',
  H264: 'h264',
  AV1: 'av1',
};

const record = (page: Page) => page.getByRole('button', { name: 'Record', exact: true });

for (const codec of VIDEO_CODECS) {
  story(`${codec} is recorded as it is sent`, (scene, context) => told(scene, context, codec));
}

async function told(scene: Scene, context: Owner, codec: VideoCodec): Promise<void> {
  const folder = await recordFolder(context);
  const parley = await scene.parley({
    ...{ RECORD_ENABLED: '1', RECORD_DIR: folder, RECORD_FILM_HEIGHT: '180' },
    VIDEO_CODECS: `${codec},vp8`,
  });
  const sol = await scene.person('Sol');
  await sol.page.addInitScript(installAbleDevice);
  await sol.join(parley.room('codecs'));

  await scene.step('a camera and a microphone are recorded, muted and unmuted', async () => {
    await record(sol.page).click();
    await tracksGrow(folder, 2, { bytes: 4_000, withinMs: DEADLINES.mediaRebuilt });
    await sol.toggle('Microphone', false);
    await sol.toggle('Microphone', true);
  });

  await scene.step('and a screen', async () => {
    await sol.page.getByRole('button', { name: /^Share/ }).click();
    await tracksGrow(folder, 3, { bytes: 4_000, withinMs: DEADLINES.mediaRebuilt });
  });

  await scene.step('the files have the codec, and play from their beginning', async () => {
    await record(sol.page).click();
    await sol.page.getByRole('menuitem', { name: /^Stop/ }).click();
    const entry = await readyEntry(folder, FILM);
    for (const { name, kind, source } of entry.files) {
      const file = trackFile(folder, entry, name);
      const probed = await probe(file);
      const expected = kind === 'audio' ? 'opus' : FFPROBE_NAMES[codec];
      assert.equal(probed.codec, expected, name);
      scene.note(
        `${source}: ${probed.codec} ${probed.width}×${probed.height}, ${probed.times.length} packets`,
      );
    }
    const cameras = entry.files.filter(({ source }) => source === 'camera');
    assert.ok(cameras.length > 0);
  });

  await scene.step('and a film can be made of them', async () => {
    await until(
      'the film',
      async () => assert.equal((await indexIn(folder))[0]?.films?.length, 1),
      FILM,
    );
    const [entry] = await indexIn(folder);
    const film = await probe(`${folder}/${entry?.folder}/films/${entry?.films?.[0]?.name}`);
    assert.deepEqual([film.codec, film.height], ['h264', 180]);
  });
}

// Firefox in a recorded call: it records, and is recorded, muted and unmuted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { story } from '../../support/browser/scene.ts';
import {
  isInNamespace,
  NAMESPACE_ADDRESS,
  runInNamespace,
} from '../../support/network/network-namespace.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import {
  indexIn,
  probe,
  recordFolder,
  trackFile,
  tracksGrow,
} from '../../support/recording/recorded.ts';

const FILM = { withinMs: 150_000 };

if (isInNamespace()) {
  story('Firefox records a call, and is recorded', async (scene, context) => {
    const folder = await recordFolder(context);
    const parley = await scene.parley({
      MEDIA_LISTEN_ADDRESSES: NAMESPACE_ADDRESS,
      ...{ RECORD_ENABLED: '1', RECORD_DIR: folder, RECORD_FILM_HEIGHT: '180' },
    });
    const ann = await scene.person('Ann');
    await ann.join(parley.room('blue'));
    const fi = await scene.firefox('Fi');
    await fi.comesTo(ann, parley.room('blue'));

    await scene.step('it presses Record, and both are recorded', async () => {
      await fi.press('Record');
      await ann.page.getByRole('status').filter({ hasText: 'Recording' }).waitFor();
      await tracksGrow(folder, 4, { bytes: 20_000, withinMs: DEADLINES.mediaRebuilt });
      await fi.press('Microphone');
      await fi.isPressed('Microphone', false);
      await fi.press('Microphone');
      await fi.isPressed('Microphone', true);
    });

    await scene.step('the files are whole when both have left, and a film is made', async () => {
      await fi.leave();
      await ann.leave();
      await until(
        'the film',
        async () => assert.equal((await indexIn(folder))[0]?.films?.length, 1),
        FILM,
      );
      const [entry] = await indexIn(folder);
      assert.ok(entry);
      const tracks = new Set(entry.files.map((file) => `${file.participant} ${file.source}`));
      assert.equal(tracks.size, 4);
      for (const { name, kind, participant } of entry.files) {
        const { codec, times } = await probe(trackFile(folder, entry, name));
        scene.note(`${participant}: ${codec}, ${times.length} packets`);
        assert.equal(codec, kind === 'audio' ? 'opus' : 'vp8');
        assert.ok(times.length > 0);
      }
      const film = await probe(`${folder}/${entry.folder}/films/${entry.films?.[0]?.name}`);
      assert.equal(film.codec, 'h264');
    });
  });
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network that Firefox needs';
  test('Firefox in a recorded call, on a network of its own', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url)),
  );
}

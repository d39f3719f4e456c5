// A film that was ordered is made, though all that knew of its job was started anew, empty.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/process/until.ts';
import {
  indexIn,
  probe,
  readyEntry,
  recordFolder,
  tracksGrow,
} from '../../support/recording/recorded.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer, TestServer } from '../../support/server/app.ts';

const READY = { withinMs: 60_000 };
/** The workers look at their start, and a film of some seconds is rendered on a busy machine. */
const RENDERED = { withinMs: 120_000 };
const GROWN = { bytes: 5_000, withinMs: 30_000 };

test('films are made by a cluster that knows nothing of their jobs: those of each recording, and those of people', async (t) => {
  const folder = await recordFolder(t);
  const settings = { RECORD_ENABLED: '1', RECORD_DIR: folder, RECORD_FILM_HEIGHT: '180' };
  {
    // Films wait here: there is nothing to render them with.
    await using first = await TestServer.start({ ...settings, RECORD_FFMPEG: '/nowhere/ffmpeg' });
    const ada = await Person.join(t, first.url, 'story', 'Ada', { share: ['microphone'] });
    await ada.call.recording.start();
    await tracksGrow(folder, 1, GROWN);
    const id = ada.call.recording.running?.id;
    const { token } = await ada.call.recording.access();
    await ada.call.recording.stop();
    await readyEntry(folder, READY);
    const ordered = await fetch(new URL(`api/recordings/${id}/films`, first.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ layout: 'audio' }),
    });
    assert.equal(ordered.status, 202);
    ada.call.leave();
  }
  assert.equal((await indexIn(folder))[0]?.films, undefined);
  await startServer(t, settings);
  await until(
    'both films',
    async () => {
      const films = (await indexIn(folder))[0]?.films ?? [];
      assert.deepEqual(films.map(({ layout }) => layout).toSorted(), ['audio', 'grid']);
    },
    RENDERED,
  );
  const [entry] = await indexIn(folder);
  for (const { name } of entry?.films ?? []) {
    const { times } = await probe(`${folder}/${entry?.folder}/films/${name}`);
    assert.ok(times.length > 0);
  }
});

// A server that opens many media sessions at once takes our tracks late: the session before goes on until then.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../../support/process/until.ts';
import { microphoneTrack } from '../../../support/sdk/media.ts';
import { CAMERA, ScriptedSfu, VOICE } from '../../../support/sdk/scripted-sfu.ts';
import { ownedBy } from '../../../support/server/owned.ts';

const OVERLAP_MS = 2_000;

test('the older session is kept until the server has taken our tracks on the newer one', async (t) => {
  const sfu = await ScriptedSfu.start(t);
  const { track } = ownedBy(t).use(microphoneTrack());
  const call = await sfu.join(t, [{ source: 'microphone', track }]);
  const shown = () => {
    const [picture, voice] = [CAMERA, VOICE].map((id) => call.remoteTracks.get(id)?.track);
    assert.ok(picture && voice, 'Ben is not shown');
    return { picture, voice };
  };
  await until('Ben to be received', shown);
  const [trackId = ''] = [...call.localTracks.values()].map(({ id }) => id);
  await until('our voice to be published', () => sfu.packets(1, trackId));
  const before = shown();
  // As a server does where many media sessions are opened: it takes tracks later.
  sfu.refusals.set('publish', 'unavailable');
  sfu.connection.sendEvent('media', await sfu.offer(2));
  await until('all to move over', () => {
    assert.notEqual(shown().picture, before.picture);
    assert.notEqual(shown().voice, before.voice);
  });
  const movedAt = performance.now();
  await until('the others to have had time to move over', () => {
    assert.ok(performance.now() - movedAt > 1.5 * OVERLAP_MS);
  });
  assert.deepEqual(sfu.requests('settled'), []);
  const sent = await sfu.packets(1, trackId);
  await until('our voice to go on on the older one', async () =>
    assert.ok((await sfu.packets(1, trackId)) > sent),
  );
  sfu.refusals.clear();
  await until('the server to be told', () =>
    assert.deepEqual(sfu.requests('settled'), [{ epoch: 2 }]),
  );
  assert.ok((await sfu.packets(2, trackId)) > 0);
});

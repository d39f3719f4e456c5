// A participant comes whose browser lacks the codec of a picture: its sender changes to one that all have, and those
// who saw the picture see it on.
import assert from 'node:assert/strict';
import {
  installAbleDevice,
  installWithoutDecoders,
  receivedCodecs,
  sentPictures,
} from '../../support/browser/hooks/codec-hooks.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';

/** Longer than a change of the picture takes on a busy machine, and far shorter than a track that is taken away. */
const STANDS_STILL_MS = 2_500;

for (const codec of ['VP9', 'H264', 'AV1']) {
  story(`who cannot decode ${codec} sees a picture all the same`, (scene) => told(scene, codec));
}

async function told(scene: Scene, codec: string): Promise<void> {
  const parley = await scene.parley({ VIDEO_CODECS: `${codec},vp8` });
  const room = parley.room('codecs');
  const sol = await scene.person('Sol');
  await sol.page.addInitScript(installAbleDevice);
  await sol.join(room);
  const vi = await scene.person('Vi', { devices: 'no-camera' });
  await vi.join(room);

  await scene.step(`the first two use ${codec}`, async () => {
    await vi.sees('Sol');
    assert.deepEqual(await codecsOf(sol), [codec]);
  });

  const gaps = await vi.watchGaps(vi.tile('Sol'));
  const own = await sol.watchGaps(sol.tile('Sol'));
  const lou = await scene.person('Lou', { devices: 'no-camera' });
  await lou.page.addInitScript(installWithoutDecoders, [codec]);

  await scene.step('the third, who lacks it, sees the picture', async () => {
    await lou.join(room);
    await lou.sees('Sol');
    const received = await codecSeen(lou);
    assert.equal(received, 'VP8');
  });

  await scene.step('it is sent with the other codec alone from then on', async () => {
    await until(
      'the first codec to end',
      async () => assert.deepEqual(await codecsOf(sol), ['VP8']),
      {
        withinMs: DEADLINES.media,
      },
    );
    const gapMs = await gaps.longestGapMs(own);
    scene.note(`the longest time without a frame was ${Math.round(gapMs)} ms`);
    assert.ok(gapMs < STANDS_STILL_MS, `the picture stood still for ${gapMs} ms`);
    await vi.sees('Sol');
    assert.equal(await codecSeen(vi), 'VP8');
  });

  await scene.step('and the camera goes off and on for all', async () => {
    await sol.toggle('Camera', false);
    for (const viewer of [vi, lou]) await viewer.seesNoPicture(viewer.tile('Sol'));
    await sol.toggle('Camera', true);
    for (const viewer of [vi, lou]) await viewer.sees('Sol');
  });

  await scene.step('it stays so when that participant has left', async () => {
    await lou.leave();
    await vi.tile('Lou').waitFor({ state: 'detached' });
    await vi.sees('Sol');
    assert.deepEqual(await codecsOf(sol), ['VP8']);
  });
}

/** The codecs in which pictures are sent. */
async function codecsOf(sender: Participant): Promise<string[]> {
  return [...new Set(sentPictures(await sender.stats()).map(({ codec }) => codec))].sort();
}

/** The codec of the picture in Sol's tile. */
async function codecSeen(viewer: Participant): Promise<string | undefined> {
  const trackId = await viewer
    .tile('Sol')
    .locator('video')
    .evaluate((video: HTMLVideoElement) =>
      video.srcObject instanceof MediaStream ? video.srcObject.getVideoTracks()[0]?.id : undefined,
    );
  return receivedCodecs(await viewer.stats()).get(trackId ?? '');
}

// Each video codec in a real browser: sent as chosen, seen by another page, and small in a small tile.
import assert from 'node:assert/strict';
import { VIDEO_CODECS, type VideoCodec } from '../../../shared/media/media.ts';
import { Chromium } from '../../support/browser/chromium.ts';
import { installAbleDevice, sentPictures } from '../../support/browser/hooks/codec-hooks.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';

/** A window in which every tile asks for the lowest layer, and one in which they ask for the highest. */
const SMALL_WINDOW = { width: 480, height: 300 };
const LARGE_WINDOW = { width: 2400, height: 1500 };
/** Frames over which a share of them is counted. */
const ENOUGH_FRAMES = 20;
/** The camera of 1280×720 has 180 lines in its lowest layer. */
const LOWEST = 180;
const LAYERED: ReadonlySet<VideoCodec> = new Set(['VP9', 'AV1']);

/** What this machine's Chromium can send and receive. */
async function codecsHere(): Promise<Set<string>> {
  await using browser = await Chromium.launch();
  const page = await browser.newPage();
  const names = await page.evaluate(() => {
    const of = (kind: typeof RTCRtpSender | typeof RTCRtpReceiver) =>
      (kind.getCapabilities('video')?.codecs ?? []).map(({ mimeType }) => mimeType);
    const received = new Set(of(RTCRtpReceiver));
    return of(RTCRtpSender).filter((name) => received.has(name));
  });
  return new Set(names.map((name) => name.replace('video/', '')));
}

const here = await codecsHere();

for (const codec of VIDEO_CODECS) {
  const skip = here.has(codec) ? false : `this Chromium does not send and receive ${codec}`;
  story(`${codec} is sent, seen, and small in a small tile`, (scene) => told(scene, codec), {
    skip,
  });
}

async function told(scene: Scene, codec: VideoCodec): Promise<void> {
  const parley = await scene.parley({ VIDEO_CODECS: `${codec},vp8` });
  const sender = await scene.person('Sol');
  await sender.page.addInitScript(installAbleDevice);
  await sender.join(parley.room('codecs'));
  const viewer = await scene.person('Vi', { devices: 'no-camera' });
  await viewer.join(parley.room('codecs'));

  await scene.step(`the picture is sent as ${codec} and moves`, async () => {
    await viewer.sees('Sol');
    const sent = sentPictures(await sender.stats());
    assert.deepEqual([...new Set(sent.map((each) => each.codec))], [codec]);
    const modes = sent.map(({ rid, scalabilityMode }) => `${rid} ${scalabilityMode}`.trim());
    scene.note(`sent as ${modes.join(', ')}`);
    assert.equal(sent.length, LAYERED.has(codec) ? 1 : 3, 'streams');
    if (codec === 'VP9') assert.equal(sent[0]?.scalabilityMode, 'L3T3_KEY');
    if (codec === 'AV1') assert.equal(sent[0]?.scalabilityMode, 'L1T3');
  });

  if (codec === 'AV1') {
    await scene.step('a small tile gets half of the frames, a large one all of them', async () => {
      await viewer.page.setViewportSize(SMALL_WINDOW);
      await getsFrames(sender, viewer, 'half of the', (share) => share < 0.7);
      await viewer.page.setViewportSize(LARGE_WINDOW);
      await getsFrames(sender, viewer, 'all', (share) => share > 0.85);
    });
  } else
    await scene.step('a small tile gets the lowest layer, a large one more', async () => {
      await viewer.page.setViewportSize(SMALL_WINDOW);
      const low = await getsHeight(viewer, 'a small', (height) => height <= LOWEST);
      await viewer.page.setViewportSize(LARGE_WINDOW);
      const high = await getsHeight(viewer, 'a larger', (height) => height > LOWEST);
      await viewer.page.setViewportSize(SMALL_WINDOW);
      await getsHeight(viewer, 'a small', (height) => height <= LOWEST);
      scene.note(`the picture was ${low}, then ${high} pixels high`);
    });

  await scene.step('and the picture still moves', () => viewer.sees('Sol'));
}

function getsHeight(viewer: Participant, what: string, fits: (height: number) => boolean) {
  return until(
    `${viewer.name} to get ${what} picture`,
    async () => {
      const { height } = await viewer.video(viewer.tile('Sol'));
      assert.ok(height > 0 && fits(height), `it is ${height} pixels high`);
      return height;
    },
    { withinMs: DEADLINES.media },
  );
}

/** The viewer receives a share of the frames that are encoded; counted over a second or more. */
function getsFrames(
  sender: Participant,
  viewer: Participant,
  what: string,
  fits: (share: number) => boolean,
) {
  const count = async () => {
    const [sent, received] = await Promise.all([
      sender.stats().then((stats) => sentPictures(stats)[0]?.frames ?? 0),
      viewer.video(viewer.tile('Sol')).then(({ frames }) => frames),
    ]);
    return { sent, received };
  };
  return until(
    `${viewer.name} to get ${what} frames`,
    async () => {
      const before = await count();
      const after = await until('enough frames to be sent', async () => {
        const now = await count();
        assert.ok(now.sent - before.sent >= ENOUGH_FRAMES, `${now.sent - before.sent} frames`);
        return now;
      });
      const share = (after.received - before.received) / (after.sent - before.sent);
      assert.ok(fits(share), `of ${after.sent - before.sent} frames it got ${share}`);
    },
    { withinMs: DEADLINES.media },
  );
}

// Firefox in calls whose codec is not VP8: it sees the pictures of Chromium, and sends what it sends well.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  installAbleDevice,
  receivedCodecs,
  sentPictures,
} from '../../support/browser/hooks/codec-hooks.ts';
import { story } from '../../support/browser/scene.ts';
import {
  isInNamespace,
  NAMESPACE_ADDRESS,
  runInNamespace,
} from '../../support/network/network-namespace.ts';

if (isInNamespace()) {
  story(
    'Firefox sees the pictures of Chromium, whatever codec the server prefers',
    async (scene) => {
      const fi = await scene.firefox('Fi');
      for (const codec of ['VP9', 'H264']) {
        await scene.step(`where ${codec} is preferred`, async () => {
          const parley = await scene.parley({
            MEDIA_LISTEN_ADDRESSES: NAMESPACE_ADDRESS,
            VIDEO_CODECS: `${codec},vp8`,
          });
          const ann = await scene.person('Ann');
          await ann.page.addInitScript(installAbleDevice);
          await ann.join(parley.room('blue'));
          await fi.comesTo(ann, parley.room('blue'));
          const [sent, stats] = [sentPictures(await ann.stats()), await fi.stats()];
          const codecs = [...new Set(sent.map((each) => each.codec))];
          const received = [...receivedCodecs(stats).values()].filter((each) => each !== '');
          const own = [...new Set(sentPictures(stats).map((each) => each.codec))];
          scene.note(`Ann sends ${codecs}, Fi receives ${received} and sends ${own}`);
          // Without a plug-in that it downloads, Firefox has no H264: then it gets VP8.
          assert.ok(
            received.length > 0 && received.every((each) => each === codec || each === 'VP8'),
          );
          if (codec !== 'H264') assert.deepEqual(own, ['VP8'], 'it sends no layers in one stream');
          await fi.leave();
          await ann.leave();
        });
      }
    },
  );
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network that Firefox needs';
  test('Firefox in calls of other codecs, on a network of its own', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url)),
  );
}

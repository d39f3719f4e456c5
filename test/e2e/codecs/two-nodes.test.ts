// A picture with layers inside one stream crosses between media nodes, and so does the change to another codec.
import assert from 'node:assert/strict';
import {
  installAbleDevice,
  installWithoutDecoders,
  sentPictures,
} from '../../support/browser/hooks/codec-hooks.ts';
import { story } from '../../support/browser/scene.ts';
import { TestCluster } from '../../support/cluster/local-cluster.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';

/** Each next participant goes to the node that is less loaded. */
const SPREAD = { SPILL_SESSIONS_PER_WORKER: '1', WORKERS: '1' };

for (const codec of ['VP9', 'AV1']) {
  story(
    `${codec} crosses between nodes, and who cannot decode it there sees another`,
    async (scene, context) => {
      const env = { ...SPREAD, VIDEO_CODECS: `${codec},vp8` };
      const cluster = await TestCluster.start(context, { web: 2, sfu: 2, env });
      await cluster.reachEachOther();
      const room = `${cluster.url}r/codecs`;
      const sol = await scene.person('Sol');
      await sol.page.addInitScript(installAbleDevice);
      await sol.join(room);
      await cluster.loadsAreKnown(1);
      const vi = await scene.person('Vi', { devices: 'no-camera' });
      await vi.join(room);
      const codecs = async () =>
        [...new Set(sentPictures(await sol.stats()).map((each) => each.codec))].sort();

      await scene.step('they are on two nodes, and one sees the other', async () => {
        const loads = (await cluster.registry()).map(({ sessions }) => sessions);
        assert.deepEqual(loads, [1, 1]);
        await vi.sees('Sol');
        assert.deepEqual(await codecs(), [codec]);
      });

      await scene.step('a third, who lacks the codec, and the second see the picture', async () => {
        const lou = await scene.person('Lou', { devices: 'no-camera' });
        await lou.page.addInitScript(installWithoutDecoders, [codec]);
        await lou.join(room);
        await lou.sees('Sol');
        await until(
          'the first codec to end',
          async () => assert.deepEqual(await codecs(), ['VP8']),
          { withinMs: DEADLINES.media },
        );
        await vi.sees('Sol');
        await lou.sees('Sol');
      });
    },
  );
}

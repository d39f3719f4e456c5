// Firefox and Chromium in a call inside somebody's product, which is another origin.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { story } from '../../support/browser/scene.ts';
import { callFrame, productPage, seesAndHears } from '../../support/embed/embedded.ts';
import {
  isInNamespace,
  NAMESPACE_ADDRESS,
  runInNamespace,
} from '../../support/network/network-namespace.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import { applicationToken, WITH_APPLICATION } from '../../support/server/application.ts';

if (isInNamespace()) {
  story('two people use the call in a product, one of them in Firefox', async (scene) => {
    const product = await scene.product();
    const parley = await scene.parley({
      ...WITH_APPLICATION,
      EMBED_ORIGINS: product.origin,
      MEDIA_LISTEN_ADDRESSES: NAMESPACE_ADDRESS,
    });
    const ann = await scene.person('Ann');
    const fi = await scene.firefox('Fi');
    const page = async (name: string) => {
      const token = await applicationToken({ room: 'blue', role: 'guest', name });
      const attributes = `room="blue" token="${token}"`;
      return productPage(product, `/${name}`, { server: parley.url, attributes });
    };

    await scene.step('Chromium joins by a command', async () => {
      await ann.page.goto(await page('Ann'));
      await ann.page.evaluate(async () => {
        await customElements.whenDefined('parley-call');
        await document.querySelector('parley-call')?.join();
      });
    });

    await scene.step('Firefox joins by a click in the frame', async () => {
      await fi.page.goto(await page('Fi'));
      const frame = await callFrame(fi.page);
      const selector = '::-p-aria([name="Join"][role="button"])';
      const join = await frame.waitForSelector(selector, {
        visible: true,
        timeout: DEADLINES.page,
      });
      await join?.click();
    });

    await scene.step('they see and hear each other', async () => {
      await seesAndHears(fi.page, 1);
      await seesAndHears(ann.page, 1);
    });

    await scene.step('the page in Firefox steers the call', async () => {
      await fi.page.evaluate(() => document.querySelector('parley-call')?.setMuted('camera', true));
      await until('the camera to be off', async () => {
        const tracks = await fi.page.evaluate(() => window.recorded.details.localTracks);
        assert.deepEqual(
          (tracks as { source: string }[]).map(({ source }) => source),
          ['microphone'],
        );
      });
      await fi.page.evaluate(() => document.querySelector('parley-call')?.leave());
      await until('the call to be over', async () => {
        const connection = await fi.page.evaluate(() => window.recorded.details.connection);
        assert.deepEqual(connection, { state: 'ended' });
      });
    });
  });
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network that Firefox needs';
  test('a call in a product, in Firefox and Chromium, on a network of their own', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url)),
  );
}

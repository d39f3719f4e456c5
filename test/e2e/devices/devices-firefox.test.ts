// Devices in Firefox: unplugged, muted, taken back, and questions that are answered late. What another
// program does, and a second device, Firefox's made-up devices cannot play.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { FirefoxPerson } from '../../support/browser/firefox.ts';
import { installDeviceHooks } from '../../support/browser/hooks/device-hooks.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import {
  isInNamespace,
  NAMESPACE_ADDRESS,
  runInNamespace,
} from '../../support/network/network-namespace.ts';
import { until } from '../../support/process/until.ts';

/** Ann in Chromium, and Fi in Firefox, whose devices the test can change, in one room. */
async function annAndFi(scene: Scene) {
  const parley = await scene.parley({ MEDIA_LISTEN_ADDRESSES: NAMESPACE_ADDRESS });
  const room = parley.room('blue');
  const [ann] = (await scene.peopleIn(room, ['Ann'])) as [Participant];
  const fi = await scene.firefox('Fi');
  await fi.page.evaluateOnNewDocument(installDeviceHooks);
  return { ann, fi, room };
}

const live = (fi: FirefoxPerson) => fi.page.evaluate(() => window.parleyDevices.live());

function isAsked(fi: FirefoxPerson): Promise<void> {
  return until('the question to be open', async () =>
    assert.ok((await fi.page.evaluate(() => window.parleyDevices.held())) > 0),
  );
}

function nothingIsCaptured(fi: FirefoxPerson): Promise<void> {
  return until('nothing to be captured', async () => assert.deepEqual(await live(fi), []));
}

function tellStories(): void {
  story('devices of Firefox change during a call', async (scene) => {
    const { ann, fi, room } = await annAndFi(scene);
    await fi.join(room);
    await ann.sees('Fi');

    await scene.step('the system mutes the microphone, and the camera', async () => {
      await fi.page.evaluate(() => window.parleyDevices.mute('audio', true));
      await fi.reads(/Your microphone is muted by your system or by a button on your headset/);
      await fi.isPressed('Microphone', false);
      await ann.hearsNobody();
      await fi.page.evaluate(() => window.parleyDevices.mute('audio', false));
      await fi.isPressed('Microphone', true);
      await ann.hearsOneVoice();
      await fi.page.evaluate(() => window.parleyDevices.mute('video', true));
      await fi.reads(/Your camera is switched off by your system or by its cover/);
      await ann.seesNoPicture(ann.tile('Fi'));
      await fi.page.evaluate(() => window.parleyDevices.mute('video', false));
      await ann.sees('Fi');
    });

    await scene.step('both are unplugged and plugged in again', async () => {
      const all = await fi.page.evaluate(async () => [
        ...(await window.parleyDevices.plugged('audioinput')),
        ...(await window.parleyDevices.plugged('videoinput')),
      ]);
      assert.ok(all.length >= 2, `Firefox has ${all.length} devices`);
      await fi.page.evaluate((ids) => {
        for (const id of ids) window.parleyDevices.unplug(id);
      }, all);
      await fi.isPressed('Microphone', false);
      await fi.isPressed('Camera', false);
      await ann.seesNoPicture(ann.tile('Fi'));
      await fi.page.evaluate((ids) => {
        for (const id of ids) window.parleyDevices.plug(id);
      }, all);
      await fi.isPressed('Microphone', true);
      await fi.isPressed('Camera', true);
      await ann.sees('Fi');
      await ann.hearsOneVoice();
    });

    await scene.step('a permission that was taken back is called that', async () => {
      await fi.page.evaluate(() => window.parleyDevices.permit('microphone', 'denied'));
      await fi.reads(/The permission for your microphone was taken back/);
      await fi.isPressed('Microphone', false);
      await ann.hearsNobody();
      await fi.page.evaluate(() => window.parleyDevices.permit('microphone', 'granted'));
      await fi.isPressed('Microphone', true);
      await ann.hearsOneVoice();
    });

    await scene.step('a camera that is allowed after it was off is not captured', async () => {
      await fi.press('Camera');
      await fi.isPressed('Camera', false);
      await fi.page.evaluate(() => window.parleyDevices.hold());
      await fi.press('Camera');
      await isAsked(fi);
      await fi.press('Camera');
      await fi.page.evaluate(() => window.parleyDevices.answer());
      await until('no picture to be captured', async () =>
        assert.deepEqual(
          (await live(fi)).filter((kind) => kind === 'video'),
          [],
        ),
      );
    });

    await scene.step('a screen that is picked after Leave is not captured', async () => {
      await fi.page.evaluate(() => window.parleyDevices.hold());
      await fi.press('Share screen');
      await isAsked(fi);
      await fi.leave();
      await fi.page.evaluate(() => window.parleyDevices.answer());
      await nothingIsCaptured(fi);
    });

    await scene.step('camera off and on while "Joining…": seen and heard', async () => {
      const relay = await scene.relay(room, { delayMs: 400 });
      await fi.open(new URL(new URL(room).pathname, relay.url).href);
      await fi.isPressed('Camera', true);
      const names = ['Join', 'Camera', 'Camera', 'Microphone', 'Microphone'];
      const buttons = await Promise.all(names.map((name) => fi.control('button', name)));
      // In the page: from here the clicks would come after the join.
      await fi.page.evaluate(
        async (joining: string, ...all: Element[]) => {
          for (const button of all) {
            (button as HTMLElement).click();
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          if (!document.body.innerText.includes(joining)) throw new Error('the join was faster');
        },
        'Joining…',
        ...buttons,
      );
      await fi.isPressed('Share screen', false);
      await ann.sees('Fi');
      await ann.hearsOneVoice();
      await fi.isPressed('Camera', true);
      assert.equal(await ann.screenOf('Fi').count(), 0);
    });
  });
}

if (isInNamespace()) {
  tellStories();
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network that Firefox needs';
  test('devices in Firefox, on a network of its own', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url)),
  );
}

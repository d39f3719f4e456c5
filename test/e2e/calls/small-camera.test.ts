// A camera of 640×480, or of 320×240: others get the whole of its picture.
import assert from 'node:assert/strict';
import type { Participant } from '../../support/browser/participant.ts';
import { type Scene, story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';

/** So large that every tile asks for the highest layer. */
const LARGE_WINDOW = { width: 2400, height: 1500 };

/** Somebody whose only camera has this size. */
async function withCamera(scene: Scene, name: string, width: number, height: number) {
  const person = await scene.person(name);
  await person.page.addInitScript(
    ([w, h]) => {
      const devices = navigator.mediaDevices;
      const original = devices.getUserMedia.bind(devices);
      devices.getUserMedia = (constraints) =>
        original({
          ...constraints,
          ...(constraints?.video && { video: { width: { exact: w }, height: { exact: h } } }),
        });
    },
    [width, height] as const,
  );
  return person;
}

async function getsHeight(viewer: Participant, sender: Participant, height: number) {
  await until(
    `${viewer.name} to get ${height} lines of ${sender.name}`,
    async () => assert.equal((await viewer.video(viewer.tile(sender.name))).height, height),
    { withinMs: DEADLINES.media },
  );
}

story('a camera of 640×480 arrives whole, and so does one of 320×240', async (scene) => {
  const parley = await scene.parley();
  const vga = await withCamera(scene, 'Vee', 640, 480);
  const tiny = await withCamera(scene, 'Tia', 320, 240);
  for (const person of [vga, tiny]) await person.join(parley.room('small'));
  await scene.step('in the largest tile there are 480 lines of one', async () => {
    await tiny.page.setViewportSize(LARGE_WINDOW);
    await getsHeight(tiny, vga, 480);
  });
  await scene.step('and 240 of the other', async () => {
    await vga.page.setViewportSize(LARGE_WINDOW);
    await getsHeight(vga, tiny, 240);
  });
});

// A picture whose size is not the usual one, and that changes while it is sent: its layers follow.
import assert from 'node:assert/strict';
import { sentPictures } from '../../support/browser/hooks/codec-hooks.ts';
import type { Participant } from '../../support/browser/participant.ts';
import { story } from '../../support/browser/scene.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';

/** Just large enough for a tile that asks for the highest layer: what nobody receives is not sent. */
const WINDOW = { viewport: { width: 1900, height: 700 } };

declare global {
  interface Window {
    /** Changes the size of the drawn camera and screen. */
    resizeDrawing(width: number, height: number): void;
  }
}

/** Cameras and screens are drawings of one size. Must not refer to anything outside itself. */
function installDrawing([width = 0, height = 0]: number[]): void {
  const canvases: HTMLCanvasElement[] = [];
  const draw = () => {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    canvases.push(canvas);
    const context = canvas.getContext('2d');
    let hue = 0;
    setInterval(() => {
      if (!context) return;
      hue = (hue + 17) % 360;
      context.fillStyle = `hsl(${hue} 80% 50%)`;
      context.fillRect(0, 0, canvas.width, canvas.height);
      // The browser's estimate of the bandwidth grows to one and a half times what is sent, no further: after a
      // moment in which the computer was too busy, frames of one colour would keep it at its least.
      for (let n = 0; n < 20; n++) {
        context.fillStyle = `hsl(${Math.random() * 360} 80% 50%)`;
        context.fillRect(Math.random() * canvas.width, Math.random() * canvas.height, 40, 30);
      }
    }, 100);
    return canvas.captureStream(10).getVideoTracks();
  };
  const { mediaDevices } = navigator;
  const user = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async ({ audio, video }: MediaStreamConstraints) => {
    const heard = audio ? (await user({ audio })).getTracks() : [];
    return new MediaStream([...heard, ...(video ? draw() : [])]);
  };
  mediaDevices.getDisplayMedia = async () => new MediaStream(draw());
  window.resizeDrawing = (w, h) => {
    for (const canvas of canvases) Object.assign(canvas, { width: w, height: h });
  };
}

/** The sizes that are sent, of streams whose frames still grow in number. */
async function sends(sender: Participant, count: number, expected: readonly string[]) {
  const sizes = async () => {
    const before = new Map(sentPictures(await sender.stats()).map((each) => [each.id, each]));
    await sender.page.waitForTimeout(400);
    return sentPictures(await sender.stats())
      .filter((each) => each.frames > (before.get(each.id)?.frames ?? 0))
      .map(({ rid, width, height }) => `${rid} ${width}×${height}`);
  };
  await until(
    `${sender.name} to send ${expected}`,
    async () => {
      const now = await sizes();
      assert.equal(now.length, count);
      assert.deepEqual(now.toSorted(), expected.toSorted());
    },
    { withinMs: DEADLINES.media },
  );
}

story(
  'the layers of a picture follow its size: a small camera, a phone that is turned, a window',
  async (scene) => {
    const parley = await scene.parley();
    const room = parley.room('sizes');
    const sol = await scene.person('Sol');
    await sol.page.addInitScript(installDrawing, [640, 480]);
    await sol.join(room);
    const vi = await scene.person('Vi', { devices: 'no-camera', window: WINDOW });
    await vi.join(room);
    const resize = (width: number, height: number) =>
      sol.page.evaluate(([w, h]) => window.resizeDrawing(w, h), [width, height] as [
        number,
        number,
      ]);

    await scene.step(
      'a camera of 640×480 has two layers, of which the larger is whole',
      async () => {
        await vi.sees('Sol');
        await sends(sol, 2, ['r0 320×240', 'r1 640×480']);
      },
    );

    await scene.step('one of 1280×720 has three', async () => {
      await resize(1_280, 720);
      await sends(sol, 3, ['r0 320×180', 'r1 640×360', 'r2 1280×720']);
    });

    await scene.step('a phone held upright has two', async () => {
      await resize(360, 640);
      await sends(sol, 2, ['r0 180×320', 'r1 360×640']);
      await vi.sees('Sol');
    });

    await scene.step('one of 200×150 has one, and it is whole', async () => {
      await resize(200, 150);
      await sends(sol, 1, ['r0 200×150']);
      await vi.sees('Sol');
    });
  },
);

story(
  'a shared window of 400×300 is sent whole, and again when it becomes larger',
  async (scene) => {
    const parley = await scene.parley();
    const room = parley.room('sizes');
    const sol = await scene.person('Sol');
    await sol.page.addInitScript(installDrawing, [400, 300]);
    await sol.join(room);
    await sol.toggle('Camera', false);
    const vi = await scene.person('Vi', { devices: 'no-camera', window: WINDOW });
    await vi.join(room);

    await scene.step('there is one layer of 400×300', async () => {
      await sol.toggle('Share screen', true);
      await vi.seesMoving(vi.screenOf('Sol'));
      await sends(sol, 1, ['r0 400×300']);
      const { height } = await vi.video(vi.screenOf('Sol'));
      assert.equal(height, 300);
    });

    await scene.step(
      'when the window is enlarged there are two, and others get the larger',
      async () => {
        await sol.page.evaluate(() => window.resizeDrawing(800, 480));
        await sends(sol, 2, ['r0 400×240', 'r1 800×480']);
        await until(
          'Vi to get it',
          async () => assert.equal((await vi.video(vi.screenOf('Sol'))).height, 480),
          { withinMs: DEADLINES.media },
        );
      },
    );
  },
);

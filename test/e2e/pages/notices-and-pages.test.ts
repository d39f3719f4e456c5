// A notice never covers the buttons that turn the pages.
import assert from 'node:assert/strict';
import { story } from '../../support/browser/scene.ts';
import { until } from '../../support/process/until.ts';
import { LightRoom } from '../../support/voice/light-room.ts';
import { sayWord, withTones } from '../../support/voice/tones.ts';

/** More than there is room for in a small window. */
const OTHERS = 12;

story('a notice leaves the pages to be turned', async (scene, t) => {
  const parley = await scene.parley();
  await LightRoom.open(t, { urls: [parley.url], room: 'hall', people: OTHERS });
  const ann = await scene.person('Ann');
  const { page } = ann;
  await withTones(page);
  await page.setViewportSize({ width: 640, height: 480 });
  await ann.join(parley.room('hall'));
  await ann.toggle('Microphone', false);
  await sayWord(page);
  const notice = page.getByText('You are muted.').and(page.locator('.notice p'));
  await notice.waitFor();
  const next = page.getByRole('button', { name: 'Next people' });
  await until('the notice to stand above the pages', async () => {
    const [above, below] = [await notice.boundingBox(), await next.boundingBox()];
    assert.ok(above && below);
    assert.ok(above.y + above.height <= below.y, JSON.stringify({ above, below }));
  });
  await next.click({ timeout: 1_000 });
  await page.getByText('Page 2 of').waitFor();
});

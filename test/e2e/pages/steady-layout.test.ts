// Whatever the size of the window: the call arranges itself once, and then nothing moves by itself.
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { story } from '../../support/browser/scene.ts';

/** Small and odd ones too: a layout that depends on its own result swings between two of them. */
const WINDOWS = [
  [320, 568],
  [390, 844],
  [500, 500],
  [640, 480],
  [740, 620],
  [800, 600],
  [844, 390],
  [1024, 600],
  [1280, 720],
  [1920, 1080],
] as const;
/** A change of size may take effect in several steps; what swings does so in every other frame. */
const FRAMES_WATCHED = 40;
const STEPS_ALLOWED = 6;

/** How often anything in the call changed its place or size, over some frames after a resize. */
function countMoves(page: Page, frames: number): Promise<number> {
  return page.evaluate(async (count) => {
    const places = () =>
      [...document.querySelectorAll('article, [role="toolbar"] button')]
        .map((element) => {
          const { x, y, width, height } = element.getBoundingClientRect();
          return [x, y, width, height].map(Math.round).join(' ');
        })
        .join(', ');
    let moves = 0;
    let before = places();
    for (let frame = 0; frame < count; frame++) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const now = places();
      if (now !== before) moves += 1;
      before = now;
    }
    return moves;
  }, frames);
}

/** How far what holds the toolbar can be scrolled aside, by whatever is focused. */
function scrollsAside(page: Page): Promise<number> {
  return page.getByRole('toolbar').evaluate((toolbar) => {
    let furthest = 0;
    for (let element = toolbar.parentElement; element; element = element.parentElement) {
      element.scrollLeft = 1_000;
      furthest = Math.max(furthest, element.scrollLeft);
      element.scrollLeft = 0;
    }
    return furthest;
  });
}

story('a call comes to rest in a window of any size', async (scene) => {
  const parley = await scene.parley();
  const [, ann] = await scene.peopleIn(parley.room('blue'), ['Bo', 'Ann']);
  assert.ok(ann);
  await ann.sees('Bo');
  const restless: string[] = [];
  for (const [width, height] of WINDOWS) {
    await ann.page.setViewportSize({ width, height });
    const moves = await countMoves(ann.page, FRAMES_WATCHED);
    if (moves > STEPS_ALLOWED) restless.push(`${width}×${height} (${moves} moves)`);
    const aside = await scrollsAside(ann.page);
    if (aside > 0) restless.push(`${width}×${height} (scrolls aside by ${aside})`);
  }
  assert.deepEqual(restless, []);
});

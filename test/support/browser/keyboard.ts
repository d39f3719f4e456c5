// Moves through a page by keyboard alone.
import assert from 'node:assert/strict';
import type { Locator } from 'playwright-core';

/** More stops than any page should have. */
const MOST_STOPS = 40;

/** Presses Tab until the element has the focus. @throws AssertionError when it is never reached */
export async function tabTo(target: Locator): Promise<void> {
  await target.waitFor();
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    if (await hasFocus(target)) return;
    await target.page().keyboard.press('Tab');
  }
  assert.fail(`${target} is not reached with the Tab key`);
}

export function hasFocus(target: Locator): Promise<boolean> {
  return target.evaluate((element) => element === document.activeElement);
}

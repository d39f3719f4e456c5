// A part of the page that is gone: a full load where it helps, never during a call, never in a circle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockReload, isReloadBlocked, mayReload } from '../../../client/ui/kit/late-part.ts';

const NOW = 1_800_000_000_000;

test('a missing part loads the page anew once, and never during a call', () => {
  assert.equal(mayReload(false, undefined, NOW), true);
  assert.equal(mayReload(false, NOW - 29_999, NOW), false);
  assert.equal(mayReload(false, NOW - 30_000, NOW), true);
  // A clock that was set back does not keep the page from ever being loaded again.
  assert.equal(mayReload(false, NOW + 3_600_000, NOW), true);
  assert.equal(mayReload(true, undefined, NOW), false);
});

test('the page is held from the beginning of a call to its end', () => {
  const release = blockReload();
  assert.equal(isReloadBlocked(), true);
  release();
  release();
  assert.equal(isReloadBlocked(), false);
});

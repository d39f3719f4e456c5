// What a client looks at is known when its next media session is opened.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ClientView,
  MAX_KNOWN_PREFERENCES,
} from '../../../../server/signaling/media/client-view.ts';

test('a client that has said nothing has no view', () => {
  assert.equal(new ClientView().known, undefined);
});

test('the newest word counts for each track, and for those that were never named', () => {
  const view = new ClientView();
  view.look({ preferences: { a: { paused: true }, b: { spatialLayer: 1 } }, others: 'hidden' });
  view.look({ preferences: { a: { spatialLayer: 2 } } });
  assert.deepEqual(view.known, {
    preferences: { a: { spatialLayer: 2 }, b: { spatialLayer: 1 } },
    others: 'hidden',
  });
});

test('at the limit nothing is forgotten, above it what was said longest ago', () => {
  const view = new ClientView();
  const name = (index: number) => view.look({ preferences: { [`track-${index}`]: {} } });
  for (let index = 0; index < MAX_KNOWN_PREFERENCES; index++) name(index);
  name(0);
  assert.equal(Object.keys(view.known?.preferences ?? {}).length, MAX_KNOWN_PREFERENCES);
  name(MAX_KNOWN_PREFERENCES);
  const known = Object.keys(view.known?.preferences ?? {});
  assert.equal(known.length, MAX_KNOWN_PREFERENCES);
  assert.ok(known.includes('track-0'));
  assert.ok(!known.includes('track-1'));
});

// Whom one client of a large room is kept up to date about besides the stage.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Looks } from '../../../../server/signaling/roster/looks.ts';

const received = (owner: string, consumerId = `consumer-of-${owner}`) => ({ consumerId, owner });

test('those on the last four pages that it asked for', () => {
  const looks = new Looks();
  looks.page('first', ['a', 'b']);
  for (const id of ['b', 'c', 'd']) looks.page(id, [id]);
  assert.deepEqual(looks.ids.toSorted(), ['a', 'b', 'c', 'd']);
  looks.page('fifth', ['e']);
  assert.ok(looks.has('a'), 'the client was not told yet');
  assert.ok(!looks.needs('a'));
  assert.deepEqual(looks.settle(), ['a']);
  assert.deepEqual(looks.ids.toSorted(), ['b', 'c', 'd', 'e']);
});

test('the same page asked for again counts once, and takes the place of its answer before', () => {
  const looks = new Looks();
  for (const id of ['a', 'b', 'c', 'd']) looks.page(id, [id]);
  for (let n = 0; n < 9; n++) looks.page('a', ['a', 'z']);
  assert.deepEqual(looks.ids.toSorted(), ['a', 'b', 'c', 'd', 'z']);
  looks.page('a', ['z']);
  assert.deepEqual(looks.settle(), ['a']);
});

test('who comes back before the client was told stays', () => {
  const looks = new Looks();
  looks.page('page', ['a']);
  looks.page('page', []);
  assert.ok(looks.isLeaving);
  looks.page('page', ['a']);
  assert.deepEqual(looks.settle(), []);
  assert.deepEqual(looks.ids, ['a']);
});

test('those whose tracks it receives, until the last of them is closed', () => {
  const looks = new Looks();
  looks.receive(1, received('a', 'voice'));
  looks.receive(1, received('a', 'picture'));
  looks.receive(1, received('a', 'picture'));
  looks.close(1, ['voice']);
  assert.ok(looks.needs('a'));
  looks.close(1, ['picture', 'unknown']);
  assert.ok(!looks.needs('a'));
});

test('a media session that is described anew has what it has, and takes the place of older ones', () => {
  const looks = new Looks();
  looks.receive(1, received('a'));
  looks.receive(2, received('b'));
  looks.receive(2, received('c'));
  looks.offered(2, new Set(['consumer-of-b']));
  assert.deepEqual(looks.settle(), ['c']);
  looks.receive(3, received('d'));
  looks.offered(3, new Set(['consumer-of-d']));
  assert.deepEqual(looks.settle(), ['a']);
  assert.deepEqual(looks.ids.toSorted(), ['b', 'd']);
});

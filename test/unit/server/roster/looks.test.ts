// Whom one client of a large room is kept up to date about besides the stage.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Looks } from '../../../../server/signaling/roster/looks.ts';

const received = (owner: string, consumerId = `consumer-of-${owner}`) => ({ consumerId, owner });

test('those on the page and on the one before it', () => {
  const looks = new Looks();
  looks.page(['a', 'b']);
  looks.page(['b', 'c']);
  assert.deepEqual(looks.ids.toSorted(), ['a', 'b', 'c']);
  looks.page(['d']);
  assert.ok(looks.has('a'), 'the client was not told yet');
  assert.ok(!looks.needs('a'));
  assert.deepEqual(looks.settle(), ['a']);
  assert.deepEqual(looks.ids.toSorted(), ['b', 'c', 'd']);
});

test('who comes back before the client was told stays', () => {
  const looks = new Looks();
  looks.page(['a']);
  looks.page([]);
  looks.page([]);
  assert.ok(looks.isLeaving);
  looks.page(['a']);
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

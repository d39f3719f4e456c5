// Who may record, and which rooms always are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isAlwaysRecorded,
  recordersOf,
} from '../../../../server/signaling/recording/call-recordings.ts';

for (const [by, isOpen, roles] of [
  ['anybody', true, ['host', 'guest']],
  ['anybody', false, ['host']],
  ['hosts', true, ['host']],
  ['hosts', false, ['host']],
  ['applications', true, []],
  ['applications', false, []],
] as const) {
  test(`RECORD_BY=${by} where rooms ${isOpen ? 'are open' : 'need tokens'}`, () => {
    assert.deepEqual(recordersOf(by, isOpen), roles);
  });
}

for (const [pattern, yes, no] of [
  ['board', ['board'], ['boards', 'a-board', '']],
  ['class-*', ['class-', 'class-1'], ['class', 'a-class-1']],
  ['*', ['', 'x'], []],
  ['*-a-*-b', ['-a--b', 'x-a-y-b', '1-a-2-a-3-b'], ['-a-b', 'x-a-y-b-']],
  ['a.c', ['a.c'], ['abc']],
  ['größe-*', ['größe-1'], ['grosse-1']],
] as const) {
  test(`RECORD_ROOMS=${pattern}`, () => {
    for (const room of yes) assert.ok(isAlwaysRecorded(room, [pattern]), room);
    for (const room of no) assert.ok(!isAlwaysRecorded(room, [pattern]), room);
  });
}

test('any part of a name may be a star, and no pattern fails', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), (before, middle, after) => {
      const name = before + middle + after;
      const pattern = [before, after].map((part) => part.replaceAll('*', '')).join('*');
      const plain = name.replaceAll('*', '');
      assert.ok(isAlwaysRecorded(plain, [pattern]));
      isAlwaysRecorded(name, [middle]);
    }),
  );
});

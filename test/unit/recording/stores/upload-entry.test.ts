// What the uploader does next with a file.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UploadEntry, workOf } from '../../../../server/recording/spool/upload-entry.ts';

const limits = (now: number, mayFinish = true) => ({
  ...{ now, everyMs: 5_000, partBytes: 1_000, mayFinish },
});
const entry = () => new UploadEntry('a/tracks/x.webm', '/spool/x.webm');

test('what was appended is uploaded after its time, or when it is much', () => {
  const file = entry();
  assert.equal(workOf(file, limits(99_999)), undefined);
  file.grown([300, 600], 10_000);
  assert.equal(workOf(file, limits(14_999)), undefined);
  assert.equal(workOf(file, limits(15_000)), 'part');
  file.grown([900, 1_200], 10_500);
  assert.equal(workOf(file, limits(10_500)), 'part');
  assert.deepEqual(file.next(1_000), { offset: 0, bytes: 900 });
});

test('what is in the store waits no longer', () => {
  const file = entry();
  file.grown([300], 1_000);
  file.grown([600], 2_000);
  file.stored(300);
  assert.deepEqual([file.waitingBytes, file.waitingSince], [300, 2_000]);
  assert.deepEqual(file.next(1_000), { offset: 300, bytes: 300 });
  file.stored(600);
  assert.deepEqual([file.waitingBytes, file.waitingSince, file.hasPart], [0, undefined, false]);
});

test('a closed file is finished; while others are, its end goes first as a part', () => {
  const file = entry();
  file.grown([300], 1_000);
  file.closed(1_100);
  assert.equal(workOf(file, limits(1_100)), 'finish');
  assert.equal(workOf(file, limits(1_100, false)), 'part');
  file.stored(300);
  assert.equal(workOf(file, limits(1_100, false)), undefined);
  assert.equal(file.waitingSince, 1_100);
});

test('a busy file, and one that is to wait, are left alone', () => {
  const file = entry();
  file.grown([300], 0);
  file.isBusy = true;
  assert.equal(workOf(file, limits(9_000)), undefined);
  file.isBusy = false;
  file.notBefore = 9_001;
  assert.equal(workOf(file, limits(9_000)), undefined);
  assert.equal(workOf(file, limits(9_001)), 'part');
});

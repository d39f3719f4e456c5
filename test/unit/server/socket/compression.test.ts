// Large frames are compressed, each once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { Compression } from '../../../../server/signaling/socket/compression.ts';

const frame = (bytes: number, letter = 'x') => letter.repeat(bytes);

test('a frame of the limit is compressed, one below it is not', () => {
  const compression = new Compression(1_024);
  assert.equal(compression.of(frame(1_023)), frame(1_023));
  const bytes = compression.of(frame(1_024));
  assert.ok(Buffer.isBuffer(bytes) && bytes.length < 100);
  assert.equal(String(inflateSync(bytes)), frame(1_024));
});

test('a frame to many clients is compressed once', () => {
  const compression = new Compression(1_024);
  const first = compression.of(frame(2_000));
  assert.equal(compression.of(frame(2_000)), first);
  assert.equal(String(inflateSync(compression.of(frame(2_000, 'y')))), frame(2_000, 'y'));
  assert.notEqual(compression.of(frame(2_000)), first, 'only the last one is kept');
});

// What clients can receive is kept once, however many of them can receive it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedCapabilities } from '../../../../server/signaling/media/shared-capabilities.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../../../shared/media/media.ts';

const copy = () => structuredClone(ROUTER_RTP_CAPABILITIES);
const withCodecs = (count: number) => ({ ...copy(), headerExtensions: [], codecs: Array(count) });

test('a thousand clients of one browser do not have a thousand copies of its codecs', () => {
  const shared = new SharedCapabilities();
  const all = Array.from({ length: 1_000 }, () => shared.share(copy()));
  assert.deepEqual(all[0], ROUTER_RTP_CAPABILITIES);
  assert.equal(new Set(all).size, 1);
});

test('clients that differ in one header extension do not share', () => {
  const shared = new SharedCapabilities();
  const other = copy();
  other.headerExtensions?.pop();
  assert.notEqual(shared.share(copy()), shared.share(other));
  assert.deepEqual(shared.share(structuredClone(other)), other);
});

test('a client with capabilities of its own each time does not fill the memory', () => {
  const shared = new SharedCapabilities();
  const common = shared.share(copy());
  const first = shared.share(withCodecs(1));
  for (let n = 2; n <= 64; n++) {
    shared.share(withCodecs(n));
    // What is in use is not forgotten.
    assert.equal(shared.share(copy()), common);
  }
  assert.notEqual(shared.share(withCodecs(1)), first);
});

// No bytes, and no stream of them, make the readers of STUN do anything but refuse or read them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressOf,
  errorOf,
  hasIntegrity,
  parseStun,
  textOf,
  uint32Of,
} from '../../../../server/turn/client/stun-message.ts';
import {
  ICE_TCP_FRAMING,
  StreamReader,
  TURN_FRAMING,
} from '../../../../server/turn/client/stun-stream.ts';
import { bytes, mutated, plausible } from '../../../support/turn/hostile.ts';

/** Whatever it is, every way to look at it ends. */
function lookAt(packet: Buffer): void {
  const message = parseStun(packet);
  if (!message) return;
  assert.ok(message.attributes.size <= 64);
  for (const [type, value] of message.attributes) {
    assert.ok(value.length <= packet.length);
    addressOf(message, type);
    textOf(message, type);
    uint32Of(message, type);
  }
  errorOf(message);
  hasIntegrity(message, Buffer.from('key'));
}

test('no bytes make the parser fail', () => {
  for (const packets of [bytes({ maxLength: 2_000 }), mutated, plausible]) {
    fc.assert(fc.property(packets, lookAt), { numRuns: 2_000 });
  }
});

test('no stream makes a reader fail, or keep much', () => {
  const chunks = fc.array(fc.oneof(bytes({ maxLength: 200 }), mutated, plausible), {
    maxLength: 40,
  });
  const framings = fc.constantFrom(TURN_FRAMING, ICE_TCP_FRAMING);
  fc.assert(
    fc.property(framings, chunks, (framing, list) => {
      const reader = new StreamReader(framing);
      for (const chunk of list) {
        const packets = reader.push(chunk);
        if (!packets) return;
        for (const packet of packets) lookAt(packet);
        assert.ok(reader.pendingBytes < 65_536 + 20);
      }
    }),
    { numRuns: 1_000 },
  );
});

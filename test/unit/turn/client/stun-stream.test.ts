// STUN over TCP: the same messages wherever the stream is cut, and never more kept than one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeStun, METHOD } from '../../../../server/turn/client/stun-message.ts';
import {
  ICE_TCP_FRAMING,
  iceTcpFrame,
  StreamReader,
  TURN_FRAMING,
} from '../../../../server/turn/client/stun-stream.ts';
import { messages } from '../../../support/turn/hostile.ts';

const BINDING = encodeStun({ method: METHOD.binding, class: 'request' });

/** Cuts a stream at these places, and puts the pieces through a reader. */
function readInPieces(reader: StreamReader, stream: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length];
  places.sort((a, b) => a - b);
  return places.slice(1).flatMap((to, index) => {
    const packets = reader.push(stream.subarray(places[index], to));
    assert.ok(packets, 'the stream is one of packets');
    return packets;
  });
}

test('a stream gives the same messages wherever it is cut', () => {
  const cuts = fc.array(fc.nat(), { maxLength: 30 });
  fc.assert(
    fc.property(fc.array(messages, { maxLength: 6 }), cuts, (list, cuts) => {
      const packets = list.map((parts) => encodeStun(parts));
      const turn = readInPieces(new StreamReader(TURN_FRAMING), Buffer.concat(packets), cuts);
      assert.deepEqual(turn, packets);
      const framed = Buffer.concat(packets.map(iceTcpFrame));
      const ice = readInPieces(new StreamReader(ICE_TCP_FRAMING), framed, cuts);
      assert.deepEqual(ice, packets);
    }),
  );
});

test('a stream of something else is known as such', () => {
  const others = [
    Buffer.from('HTTP/1.1 400'),
    Buffer.from('000100032112a442', 'hex'),
    Buffer.alloc(8),
  ];
  for (const other of others) {
    assert.equal(new StreamReader(TURN_FRAMING).push(other), undefined);
    assert.equal(new StreamReader(TURN_FRAMING).push(Buffer.concat([BINDING, other])), undefined);
  }
});

test('no stream makes its reader keep more than one message, or work more than once on it', () => {
  const reader = new StreamReader(TURN_FRAMING);
  const huge = Buffer.alloc(20 + 0xfffc);
  huge.writeUInt16BE(0xfffc, 2);
  huge.writeUInt32BE(0x2112a442, 4);
  const startedAt = performance.now();
  for (let round = 0; round < 4; round++) {
    for (const byte of huge) {
      reader.push(Buffer.of(byte));
      assert.ok(reader.pendingBytes < huge.length);
    }
  }
  assert.ok(performance.now() - startedAt < 5_000, 'byte by byte it costs no more');
});

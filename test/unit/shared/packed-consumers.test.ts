// Consumers that are packed are the same ones when they are unpacked, and a fraction of the bytes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import {
  type Consumer,
  packConsumers,
  packed,
  unpackConsumers,
  unpacked,
} from '../../../shared/protocol/consumers.ts';

/** As mediasoup describes them: the codecs of a kind with all their feedback, and the header extensions. */
function consumer(id: number, kind: 'audio' | 'video', waiting: boolean): Consumer {
  const { codecs = [], headerExtensions = [] } = ROUTER_RTP_CAPABILITIES;
  return {
    trackId: `track-of-somebody-${id}`,
    consumerId: `consumer-${id}`,
    kind,
    waiting,
    rtpParameters: {
      mid: String(id),
      codecs: codecs
        .filter((codec) => codec.kind === kind)
        .slice(0, 2)
        .map(({ kind: _, preferredPayloadType = 0, ...codec }) => ({
          ...codec,
          payloadType: preferredPayloadType,
        })),
      headerExtensions: headerExtensions
        .filter((extension) => extension.kind === kind)
        .map(({ uri, preferredId }) => ({ uri, id: preferredId })),
      encodings: [{ ssrc: id, scalabilityMode: 'S3T3' }],
      rtcp: { cname: `cname-${id}`, reducedSize: true },
    },
  };
}
const CONSUMERS = fc.array(
  fc
    .tuple(fc.nat(), fc.constantFrom('audio' as const, 'video' as const), fc.boolean())
    .map((values) => consumer(...values)),
);

test('nothing is lost on the way', () => {
  fc.assert(
    fc.property(CONSUMERS, (consumers) => {
      const wire = JSON.parse(JSON.stringify(packConsumers(consumers)));
      assert.deepEqual(unpackConsumers(wire), consumers);
    }),
  );
});

test('one more costs a third at most of what it costs unpacked', () => {
  const crowd = Array.from({ length: 48 }, (_, n) => consumer(n, n % 2 ? 'audio' : 'video', false));
  const bytes = (message: object) => JSON.stringify(message).length;
  const whole = { consumers: crowd };
  assert.ok(bytes(packed(whole, ['packed'])) < bytes(whole) / 3);
});

test('a client that does not know it, and a message with one consumer, get them as ever', () => {
  const two = { epoch: 1, consumers: [consumer(1, 'audio', true), consumer(2, 'video', true)] };
  const one = { epoch: 1, consumers: two.consumers.slice(1) };
  assert.equal(packed(two, []), two);
  assert.equal(packed(one, ['packed']), one);
  assert.deepEqual(unpacked(packed(two, ['packed'])), two.consumers);
});

test('a consumer whose format is missing is left out, and the others are not', () => {
  const { formats, consumers } = packConsumers([
    consumer(1, 'audio', true),
    consumer(2, 'video', true),
  ]);
  assert.deepEqual(
    unpackConsumers({ formats: formats.slice(0, 1), consumers }).map(
      ({ consumerId }) => consumerId,
    ),
    ['consumer-1'],
  );
});

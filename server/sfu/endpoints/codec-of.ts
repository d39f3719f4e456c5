// What a producer is sent with, as text to compare: worked out once for each.
import type { Producer } from 'mediasoup/types';

const codecs = new WeakMap<Producer, string>();

export function codecOf(producer: Producer): string {
  let codec = codecs.get(producer);
  if (codec === undefined) {
    codec = JSON.stringify(producer.rtpParameters.codecs);
    codecs.set(producer, codec);
  }
  return codec;
}

// Whether a client can receive what a producer sends.
import type { Producer, Router } from 'mediasoup/types';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';

const codecs = new WeakMap<Producer, string>();

export class Consumable {
  readonly #router: Router;
  readonly #rtpCapabilities: RtpCapabilities;
  /** By codec. */
  readonly #known = new Map<string, boolean>();

  constructor(router: Router, rtpCapabilities: RtpCapabilities) {
    this.#router = router;
    this.#rtpCapabilities = rtpCapabilities;
  }

  /** mediasoup copies and compares all capabilities each time; producers of one codec differ in nothing that counts. */
  has(producer: Producer): boolean {
    const codec = codecOf(producer);
    const known = this.#known.get(codec);
    if (known !== undefined) return known;
    const rtpCapabilities = this.#rtpCapabilities;
    const can = this.#router.canConsume({ producerId: producer.id, rtpCapabilities });
    this.#known.set(codec, can);
    return can;
  }
}

function codecOf(producer: Producer): string {
  let codec = codecs.get(producer);
  if (codec === undefined) {
    codec = JSON.stringify(producer.rtpParameters.codecs);
    codecs.set(producer, codec);
  }
  return codec;
}

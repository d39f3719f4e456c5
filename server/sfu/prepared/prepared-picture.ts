// A picture that a join would show first. Its consumer is made before the join, so that the client can decode the
// first key frame without another negotiation. Until then it is paused.
import { getConsumerRtpParameters, validateAndNormalizeRtpCapabilities } from 'mediasoup/ortc';
import type { Consumer, Producer, WebRtcTransport } from 'mediasoup/types';
import { type RtpCapabilities, RtpParameters } from '../../../shared/media/rtp.ts';
import type { PictureAhead } from '../../../shared/protocol/prepare-messages.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';

/** Where a codec has one of these, mediasoup measures the bandwidth. */
const BANDWIDTH_FEEDBACK: ReadonlySet<string> = new Set(['transport-cc', 'goog-remb']);

export interface PreparedPictureOptions {
  transport: WebRtcTransport;
  producer: Producer;
  rtpCapabilities: RtpCapabilities;
}

export class PreparedPicture {
  readonly description: PictureAhead;
  readonly #options: PreparedPictureOptions;
  readonly #consumer: Consumer;
  #isTaken = false;

  private constructor(options: PreparedPictureOptions, consumer: Consumer) {
    this.#options = options;
    this.#consumer = consumer;
    this.description = {
      consumerId: consumer.id,
      rtpParameters: toWire(RtpParameters, {
        ...consumer.rtpParameters,
        codecs: codecsOf(options),
      }),
    };
  }

  /**
   * mediasoup measures the bandwidth of a transport from the first consumer on whose codec has such feedback, and sends
   * 16 kB of probes for it. So this one has none, and `take` makes up for it.
   *
   * @throws Error of mediasoup: the client cannot decode it, or the producer or the transport has closed
   */
  static async open(options: PreparedPictureOptions): Promise<PreparedPicture> {
    const { transport, producer, rtpCapabilities } = options;
    const codecs = rtpCapabilities.codecs.map(({ rtcpFeedback = [], ...codec }) => ({
      ...codec,
      rtcpFeedback: rtcpFeedback.filter(({ type }) => !BANDWIDTH_FEEDBACK.has(type)),
    }));
    const consumer = await transport.consume({
      producerId: producer.id,
      rtpCapabilities: { ...rtpCapabilities, codecs },
      paused: true,
    });
    const picture = new PreparedPicture(options, consumer);
    // A transport that was closed meanwhile does not know this consumer, and would never close it.
    if (transport.closed) picture.close();
    return picture;
  }

  /** Whether it is of this producer, and can be taken. */
  isOf(producer: Producer): boolean {
    return !this.#isTaken && !this.#consumer.closed && this.#options.producer === producer;
  }

  /** The participant has joined and receives it. The consumer is the caller's from now on. */
  take(): Consumer {
    this.#isTaken = true;
    this.#measureBandwidth();
    return this.#consumer;
  }

  /** Idempotent. Does nothing after it was taken. */
  close(): void {
    if (!this.#isTaken) this.#consumer.close();
  }

  /** For all consumers of the transport: it goes on after this one has closed. */
  #measureBandwidth(): void {
    const { transport, producer, rtpCapabilities } = this.#options;
    const whole = { producerId: producer.id, rtpCapabilities, paused: true };
    // What has closed meanwhile needs no bandwidth.
    transport.consume(whole).then(
      (consumer) => consumer.close(),
      () => {},
    );
  }
}

/** With all feedback: the client has to acknowledge what it will receive. */
function codecsOf({ producer, rtpCapabilities }: PreparedPictureOptions) {
  const remoteRtpCapabilities = structuredClone(rtpCapabilities);
  validateAndNormalizeRtpCapabilities(remoteRtpCapabilities);
  const { consumableRtpParameters } = producer;
  return getConsumerRtpParameters({
    ...{ consumableRtpParameters, remoteRtpCapabilities },
    ...{ pipe: false, enableRtx: true },
  }).codecs;
}

// The tracks that the media server sends to a client, whole or packed: codecs and header extensions are the same for
// most of a message.
import * as v from 'valibot';
import { MediaKind, RtpParameters } from '../media/rtp.ts';
import { ClientId } from '../room/room.ts';

/** A track that the media server sends to this client. */
export const Consumer = v.object({
  trackId: ClientId,
  consumerId: v.string(),
  kind: MediaKind,
  rtpParameters: RtpParameters,
  /** True when it waits for `ready`, so that no key frame is lost before the client can decode. */
  waiting: v.boolean(),
});
export type Consumer = v.InferOutput<typeof Consumer>;

const { codecs, headerExtensions, ...own } = RtpParameters.entries;

/** What many consumers of a message have in common. */
export const ConsumerFormat = v.object({ codecs, headerExtensions });
export type ConsumerFormat = v.InferOutput<typeof ConsumerFormat>;

export const PackedConsumer = v.object({
  trackId: ClientId,
  consumerId: v.string(),
  kind: MediaKind,
  waiting: v.boolean(),
  /** Index of its format. */
  format: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** The rest of its `rtpParameters`. */
  rtp: v.object(own),
});
export type PackedConsumer = v.InferOutput<typeof PackedConsumer>;

/** For clients with the feature `packed`, in place of consumers. */
export const PackedConsumers = v.object({
  formats: v.array(ConsumerFormat),
  consumers: v.array(PackedConsumer),
});
export type PackedConsumers = v.InferOutput<typeof PackedConsumers>;

export function packConsumers(consumers: readonly Consumer[]): PackedConsumers {
  const formats: ConsumerFormat[] = [];
  const known = new Map<string, number>();
  const packed = consumers.map(({ rtpParameters, ...consumer }): PackedConsumer => {
    const { codecs, headerExtensions, ...rtp } = rtpParameters;
    const key = JSON.stringify([codecs, headerExtensions]);
    let format = known.get(key);
    if (format === undefined) {
      format = formats.push({ codecs, headerExtensions }) - 1;
      known.set(key, format);
    }
    return { ...consumer, format, rtp };
  });
  return { formats, consumers: packed };
}

/** A consumer with a format that is not there cannot be used, and is left out. */
export function unpackConsumers({ formats, consumers }: PackedConsumers): Consumer[] {
  return consumers.flatMap(({ format, rtp, ...consumer }) => {
    const common = formats[format];
    return common ? [{ ...consumer, rtpParameters: { ...common, ...rtp } }] : [];
  });
}

/** A message with consumers, as the client with these features reads it. */
export function packed<M extends { consumers: Consumer[] }>(
  message: M,
  features: readonly string[],
): M & { packed?: PackedConsumers } {
  // A single one has nothing in common with others.
  if (!features.includes('packed') || message.consumers.length < 2) return message;
  return { ...message, consumers: [], packed: packConsumers(message.consumers) };
}

export function unpacked(message: {
  consumers: readonly Consumer[];
  packed?: PackedConsumers;
}): readonly Consumer[] {
  const { consumers, packed } = message;
  return packed ? [...consumers, ...unpackConsumers(packed)] : consumers;
}

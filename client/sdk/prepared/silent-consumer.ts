// A consumer that nobody sends: negotiating it lets a browser open the path of a transport. Pure.
import type { types } from 'mediasoup-client';

/** No consumer of the server has this id: its ids are numbers. */
const MID = 'path';
/** Picked at random each time: the same one twice on a transport would be refused. */
const SSRC_MAX = 0xffff_fffe;

/**
 * A video, because mediasoup-client negotiates what probes for bandwidth after the first one: a join need not
 * do that any more.
 *
 * @param random between 0 and 1
 * @returns undefined for a device that receives no video
 */
export function silentConsumer(
  { codecs = [], headerExtensions = [] }: types.RtpCapabilities,
  random: number,
): types.ConsumerOptions | undefined {
  const codec = codecs.find(({ kind }) => kind === 'video');
  if (codec?.preferredPayloadType === undefined) return undefined;
  const { mimeType, clockRate, parameters = {}, rtcpFeedback = [] } = codec;
  const payloadType = codec.preferredPayloadType;
  return {
    id: MID,
    producerId: MID,
    kind: 'video',
    rtpParameters: {
      mid: MID,
      codecs: [{ mimeType, payloadType, clockRate, parameters, rtcpFeedback }],
      headerExtensions: headerExtensions
        .filter(({ kind }) => kind === 'video')
        .map(({ uri, preferredId }) => ({ uri, id: preferredId })),
      encodings: [{ ssrc: 1 + Math.floor(random * SSRC_MAX) }],
      rtcp: { cname: MID, reducedSize: true },
    },
  };
}

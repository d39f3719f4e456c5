// A consumer that nobody sends yet: negotiating it lets a browser open the path of a transport. Pure.
import type { types } from 'mediasoup-client';

/** Its id, mid and stream. No consumer of the server has this id: its ids are numbers. */
const SILENT = 'silent';

/**
 * A video, because mediasoup-client negotiates what probes for bandwidth after the first one: a join need not
 * do that any more. It names no SSRC, and nothing may come there: Chromium receives such a section anew with each
 * negotiation.
 *
 * @returns undefined for a device that receives no video
 */
export function silentConsumer({
  codecs = [],
  headerExtensions = [],
}: types.RtpCapabilities): types.ConsumerOptions | undefined {
  const videos = codecs.filter(({ kind }) => kind === 'video');
  const described = videos.flatMap(
    ({ mimeType, preferredPayloadType, clockRate, parameters = {}, rtcpFeedback = [] }) =>
      preferredPayloadType === undefined
        ? []
        : { mimeType, payloadType: preferredPayloadType, clockRate, parameters, rtcpFeedback },
  );
  if (described.length === 0) return undefined;
  return {
    id: SILENT,
    producerId: SILENT,
    kind: 'video',
    streamId: SILENT,
    rtpParameters: {
      mid: SILENT,
      codecs: described,
      headerExtensions: headerExtensions
        .filter(({ kind }) => kind === 'video')
        .map(({ uri, preferredId }) => ({ uri, id: preferredId })),
      encodings: [{}],
      rtcp: { reducedSize: true },
    },
  };
}

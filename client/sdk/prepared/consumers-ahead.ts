// What is negotiated on the receiving transport before a join, so that the browser opens its path. Nothing comes there
// until then. Pure.
import type { types } from 'mediasoup-client';
import type { PictureAhead } from '../../../shared/protocol/prepare-messages.ts';
import { STREAM_AHEAD } from '../session/ids.ts';

/** The id and mid of a consumer that the server does not have. Its own are UUIDs and numbers. */
const SILENT = 'silent';

/** The picture that the join will probably bring. */
export function pictureAhead({ consumerId, rtpParameters }: PictureAhead): types.ConsumerOptions {
  return {
    id: consumerId,
    producerId: STREAM_AHEAD,
    kind: 'video',
    streamId: STREAM_AHEAD,
    rtpParameters,
  };
}

/**
 * Where there is no picture yet. A video, because mediasoup-client negotiates what probes for bandwidth after the
 * first one: a join need not do that any more. It names no SSRC, and nothing may come there: Chromium receives such a
 * section anew with each negotiation.
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
    streamId: STREAM_AHEAD,
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

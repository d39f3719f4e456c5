// The descriptions that a light participant exchanges: SDP for its own stack, capabilities and tracks for the server.
// Pure.
import { ParleyError } from '../../../shared/errors.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import type {
  DtlsParameters,
  HeaderExtensionUri,
  RtpCapabilities,
  RtpParameters,
} from '../../../shared/media/rtp.ts';
import type { Direction, TransportDescription } from '../../../shared/protocol/media-messages.ts';
import { PICTURE_LAYERS } from '../rtp/picture.ts';

const AUDIO_LEVEL: HeaderExtensionUri = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
const OPUS = codecOf('audio/opus');
const VP8 = codecOf('video/VP8');
/** The one media line of each description. All streams of a transport arrive at its one track. */
export const MEDIA_ID = '0';

/** Without a header extension for it, a server cannot learn how loud a voice is. */
export const AUDIO_LEVEL_ID = ROUTER_RTP_CAPABILITIES.headerExtensions.find(
  ({ kind, uri }) => kind === 'audio' && uri === AUDIO_LEVEL,
)?.preferredId;

/**
 * What is received: Opus and VP8, without retransmissions and without an estimate of the bandwidth: the server sends
 * what was asked for, and a packet that is lost stays lost and is counted. What is sent is sent again when it is lost.
 */
export const LIGHT_CAPABILITIES: RtpCapabilities = {
  codecs: [
    { ...OPUS, rtcpFeedback: [] },
    { ...VP8, rtcpFeedback: keyFrameFeedback() },
  ],
  headerExtensions: [],
};

export const PAYLOAD_TYPES = {
  audio: OPUS.preferredPayloadType,
  video: VP8.preferredPayloadType,
} as const;
export const CLOCK_RATES = { audio: OPUS.clockRate, video: VP8.clockRate } as const;

export function audioParameters(ssrc: number, cname: string): RtpParameters {
  const { preferredPayloadType: payloadType, mimeType, clockRate, channels } = OPUS;
  return {
    codecs: [
      {
        ...{ payloadType, mimeType, clockRate },
        ...(channels !== undefined && { channels }),
        parameters: { useinbandfec: 1, usedtx: 1 },
      },
    ],
    headerExtensions:
      AUDIO_LEVEL_ID === undefined ? [] : [{ uri: AUDIO_LEVEL, id: AUDIO_LEVEL_ID }],
    encodings: [{ ssrc, dtx: true }],
    rtcp: { cname, reducedSize: true },
  };
}

/** @param ssrcs one for each layer, lowest first */
export function videoParameters(ssrcs: readonly number[], cname: string): RtpParameters {
  const { preferredPayloadType: payloadType, mimeType, clockRate } = VP8;
  return {
    codecs: [
      {
        ...{ payloadType, mimeType, clockRate },
        rtcpFeedback: [{ type: 'nack', parameter: '' }, ...keyFrameFeedback()],
      },
    ],
    headerExtensions: [],
    encodings: PICTURE_LAYERS.map(({ bitrate, scalabilityMode }, index) => {
      const ssrc = ssrcs[index];
      return {
        ...(ssrc !== undefined && { ssrc }),
        ...(scalabilityMode !== undefined && { scalabilityMode }),
        maxBitrate: bitrate,
      };
    }),
    rtcp: { cname, reducedSize: true },
  };
}

/**
 * The server's side of a transport as an answer to our offer. The server is ICE-lite and waits for our DTLS.
 *
 * @throws ParleyError `media_failed` when it has no UDP address, which is all that a light participant uses
 */
export function answerFor(description: TransportDescription, direction: Direction): string {
  const { iceParameters, iceCandidates, dtlsParameters } = description;
  const candidates = iceCandidates.filter(({ protocol }) => protocol === 'udp');
  const fingerprint =
    dtlsParameters.fingerprints.find(({ algorithm }) => algorithm === 'sha-256') ??
    dtlsParameters.fingerprints[0];
  if (candidates.length === 0 || !fingerprint) {
    throw new ParleyError('media_failed', { message: 'The server offers no UDP address.' });
  }
  return [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=ice-lite',
    `m=video 9 UDP/TLS/RTP/SAVPF ${PAYLOAD_TYPES.video}`,
    'c=IN IP4 0.0.0.0',
    `a=mid:${MEDIA_ID}`,
    `a=${direction === 'send' ? 'recvonly' : 'sendonly'}`,
    'a=rtcp-mux',
    `a=rtpmap:${PAYLOAD_TYPES.video} VP8/${CLOCK_RATES.video}`,
    `a=ice-ufrag:${iceParameters.usernameFragment}`,
    `a=ice-pwd:${iceParameters.password}`,
    `a=fingerprint:${fingerprint.algorithm} ${fingerprint.value}`,
    'a=setup:passive',
    ...candidates.map(
      ({ foundation, priority, address, port }) =>
        `a=candidate:${foundation} 1 udp ${priority} ${address} ${port} typ host`,
    ),
    'a=end-of-candidates',
    '',
  ].join('\r\n');
}

/** Our own DTLS parameters, from the offer of our stack. We begin the handshake. */
export function dtlsOf(offer: string): DtlsParameters {
  const [, value = ''] = /^a=fingerprint:sha-256 (\S+)/im.exec(offer) ?? [];
  return { role: 'client', fingerprints: [{ algorithm: 'sha-256', value }] };
}

function codecOf(mimeType: string): RtpCapabilities['codecs'][number] {
  const codec = ROUTER_RTP_CAPABILITIES.codecs.find((one) => one.mimeType === mimeType);
  if (!codec) throw new Error(`rooms have no ${mimeType}`);
  return codec;
}

function keyFrameFeedback() {
  return [
    { type: 'nack', parameter: 'pli' },
    { type: 'ccm', parameter: 'fir' },
  ];
}

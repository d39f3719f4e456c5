// Schemas of the RTP, ICE and DTLS descriptions that clients and mediasoup exchange.
import * as v from 'valibot';
import { LIMITS } from '../protocol/limits.ts';

/**
 * Any string inside an RTP description. Bounded, so that a description is a few kilobytes at most. Printable
 * ASCII, since other clients write it into their SDP, where a line break would begin another line.
 */
const Token = v.pipe(v.string(), v.maxLength(256), v.regex(/^[\x20-\x7e]*$/));
/** The same without spaces, where SDP separates by them. */
const Word = v.pipe(v.string(), v.maxLength(256), v.regex(/^[\x21-\x7e]*$/));
const MimeType = v.pipe(v.string(), v.regex(/^(audio|video)\/[\w.+-]{1,40}$/i));
const Uint32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffffffff));
const PayloadType = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(127));
const ExtensionId = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(255));
export const MediaKind = v.picklist(['audio', 'video']);

const Parameters = v.pipe(
  v.record(
    v.pipe(v.string(), v.regex(/^[\w.-]{1,64}$/)),
    v.union([Token, v.number(), v.boolean(), v.null()]),
  ),
  v.check((record) => Object.keys(record).length <= 32, 'at most 32 codec parameters'),
);
const RtcpFeedback = v.object({ type: Token, parameter: v.exactOptional(Token) });
const codecFields = {
  mimeType: MimeType,
  clockRate: Uint32,
  channels: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(8))),
  parameters: v.exactOptional(Parameters),
  rtcpFeedback: v.exactOptional(v.pipe(v.array(RtcpFeedback), v.maxLength(16))),
};
/**
 * Not checked against the union: mediasoup and mediasoup-client ignore unknown URIs. The union is the common
 * part of their types.
 */
const ExtensionUri = v.pipe(
  Token,
  v.transform((uri) => uri as HeaderExtensionUri),
);
export type HeaderExtensionUri =
  | 'urn:ietf:params:rtp-hdrext:sdes:mid'
  | 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'
  | 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id'
  | 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'
  | 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01'
  | 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'
  | 'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension'
  | 'urn:3gpp:video-orientation'
  | 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time'
  | 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay'
  | 'urn:mediasoup:params:rtp-hdrext:packet-id';

/** The formats that an endpoint can receive (mediasoup `RtpCapabilities`). */
export const RtpCapabilities = v.object({
  codecs: v.pipe(
    v.array(v.object({ kind: MediaKind, preferredPayloadType: PayloadType, ...codecFields })),
    v.maxLength(LIMITS.rtpCodecs),
  ),
  headerExtensions: v.pipe(
    v.array(
      v.object({
        kind: MediaKind,
        uri: ExtensionUri,
        preferredId: ExtensionId,
        preferredEncrypt: v.exactOptional(v.boolean()),
        direction: v.exactOptional(v.picklist(['sendrecv', 'sendonly', 'recvonly', 'inactive'])),
      }),
    ),
    v.maxLength(LIMITS.rtpHeaderExtensions),
  ),
});
export type RtpCapabilities = v.InferOutput<typeof RtpCapabilities>;

/** The format of a track as it is sent (mediasoup `RtpParameters`). */
export const RtpParameters = v.object({
  mid: v.exactOptional(v.pipe(Word, v.maxLength(32))),
  msid: v.exactOptional(Token),
  codecs: v.pipe(
    v.array(v.object({ payloadType: PayloadType, ...codecFields })),
    v.minLength(1),
    v.maxLength(LIMITS.rtpCodecs),
  ),
  headerExtensions: v.pipe(
    v.array(
      v.object({
        uri: ExtensionUri,
        id: ExtensionId,
        encrypt: v.exactOptional(v.boolean()),
        parameters: v.exactOptional(Parameters),
      }),
    ),
    v.maxLength(LIMITS.rtpHeaderExtensions),
  ),
  encodings: v.pipe(
    v.array(
      v.object({
        ssrc: v.exactOptional(Uint32),
        rid: v.exactOptional(v.pipe(Word, v.maxLength(16))),
        codecPayloadType: v.exactOptional(PayloadType),
        rtx: v.exactOptional(v.object({ ssrc: Uint32 })),
        dtx: v.exactOptional(v.boolean()),
        scalabilityMode: v.exactOptional(v.pipe(Word, v.maxLength(16))),
        maxBitrate: v.exactOptional(v.pipe(v.number(), v.minValue(0), v.maxValue(1e9))),
      }),
    ),
    v.minLength(1),
    v.maxLength(LIMITS.rtpEncodings),
  ),
  rtcp: v.exactOptional(
    v.object({
      cname: v.exactOptional(Word),
      reducedSize: v.exactOptional(v.boolean()),
    }),
  ),
});
export type RtpParameters = v.InferOutput<typeof RtpParameters>;

/**
 * Whether a track of this kind is described by codecs of this kind alone. mediasoup does not ask; a
 * browser that is then given audio codecs for a video track can negotiate nothing any more.
 */
export function describesKind(rtpParameters: RtpParameters, kind: 'audio' | 'video'): boolean {
  return rtpParameters.codecs.every(({ mimeType }) =>
    mimeType.toLowerCase().startsWith(`${kind}/`),
  );
}

export const DtlsParameters = v.object({
  role: v.exactOptional(v.picklist(['auto', 'client', 'server'])),
  fingerprints: v.pipe(
    v.array(
      v.object({
        algorithm: v.picklist(['sha-1', 'sha-224', 'sha-256', 'sha-384', 'sha-512']),
        value: v.pipe(v.string(), v.regex(/^[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){19,63}$/)),
      }),
    ),
    v.minLength(1),
    v.maxLength(LIMITS.dtlsFingerprints),
  ),
});
export type DtlsParameters = v.InferOutput<typeof DtlsParameters>;

export const IceParameters = v.object({
  usernameFragment: Token,
  password: Token,
  iceLite: v.exactOptional(v.boolean()),
});
export type IceParameters = v.InferOutput<typeof IceParameters>;

export const IceCandidate = v.object({
  foundation: Token,
  priority: Uint32,
  ip: Token,
  address: Token,
  protocol: v.picklist(['udp', 'tcp']),
  port: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65535)),
  type: v.picklist(['host', 'srflx', 'prflx', 'relay']),
  tcpType: v.exactOptional(v.picklist(['active', 'passive', 'so'])),
});
export type IceCandidate = v.InferOutput<typeof IceCandidate>;

/** One entry of `RTCConfiguration.iceServers`. */
export const IceServer = v.object({
  urls: v.pipe(v.array(v.pipe(v.string(), v.regex(/^(stun|stuns|turn|turns):/))), v.maxLength(16)),
  username: v.exactOptional(v.string()),
  credential: v.exactOptional(v.string()),
});
export type IceServer = v.InferOutput<typeof IceServer>;

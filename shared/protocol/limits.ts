// Bounds that are part of the wire format, so both ends must know them; the rest is in server/config/config.ts.
import { TEXT_LIMITS } from './text-limits.ts';

/**
 * Each bound names the abuse or accident that it prevents. They are protocol constants: changing one changes
 * the version of the protocol. Limits for operators to tune are settings in server/config/ instead.
 */
export const LIMITS = {
  ...TEXT_LIMITS,
  /** Ids that a client chooses: long enough never to collide by chance, short enough for a key. */
  clientIdMin: 10,
  clientIdMax: 40,
  /** A room token: a JWT of ours is under 600 characters; a bound keeps parsing it cheap. */
  tokenLength: 4096,
  /** Codecs in an RTP description. Chromium lists about 40 with its RTX twins. */
  rtpCodecs: 128,
  /** Header extensions in an RTP description; one-byte headers allow 14 per packet, per kind. */
  rtpHeaderExtensions: 64,
  /** Encodings of one track: three simulcast layers are used, more have no use. */
  rtpEncodings: 4,
  /** Video codecs named in one list: there are four, and a few may come. */
  videoCodecs: 16,
  /** Changes of a track's codec on one media session, each with a producer: one for each codec there is. */
  takes: 8,
  /** DTLS fingerprints: one for each hash function of RFC 8122 that mediasoup knows. */
  dtlsFingerprints: 5,
  /** Ids of consumers, which mediasoup makes: UUIDs of 36 characters. */
  consumerIdLength: 64,
  /** The id of a prepared media session: 24 characters of ours. */
  preparedIdLength: 64,
  /** Tracks named in one `subscribe` or `ready`: several screens full of tiles. */
  tracksPerMessage: 1000,
  /** Participants on one page of a large room's list: several screens of names. */
  participantsPerPage: 100,
  /** Names of features that a client says it has, and characters of one: more than there will ever be. */
  features: 32,
  featureLength: 32,
  /** A STUN or TURN URL: a hostname of 253 characters, a port and a transport. */
  urlLength: 300,
  /** A round trip a client reports; a path that needs a minute is no path. Milliseconds. */
  roundTripMs: 60_000,
  /** Refused TURN servers in one report: four servers with two addresses each. */
  refusalsPerReport: 8,
  /** Ways to the server that one network check tries: UDP, TCP, and a relay's addresses. */
  checkPaths: 16,
} as const;

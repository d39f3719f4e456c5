// The codecs of every room, and how each kind of track is encoded: fixed and shared, so that a
// client knows a router's capabilities before it asks.

import { parse } from '../protocol/rpc.ts';
import type { TrackSource } from '../room/room.ts';
import { ROUTER_RTP_CAPABILITIES as capabilities } from './router-capabilities.ts';
import { RtpCapabilities } from './rtp.ts';

interface RouterCodec {
  kind: 'audio' | 'video';
  mimeType: string;
  preferredPayloadType: number;
  clockRate: number;
  channels?: number;
  parameters?: Record<string, string | number>;
}

/** In order of preference. Every payload type is given, so the router has none to choose. */
export const ROUTER_CODECS: readonly RouterCodec[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    preferredPayloadType: 111,
    clockRate: 48000,
    channels: 2,
    // In-band FEC repairs a lost packet without a round trip; DTX sends next to nothing in silence.
    parameters: { useinbandfec: 1, usedtx: 1 },
  },
  { kind: 'video', mimeType: 'video/VP8', preferredPayloadType: 96, clockRate: 90000 },
  {
    kind: 'video',
    mimeType: 'video/VP9',
    preferredPayloadType: 98,
    clockRate: 90000,
    parameters: { 'profile-id': 0 },
  },
  {
    kind: 'video',
    mimeType: 'video/H264',
    preferredPayloadType: 102,
    clockRate: 90000,
    // Constrained baseline: the one profile that every browser and every phone's hardware has.
    parameters: {
      'packetization-mode': 1,
      'profile-level-id': '42e01f',
      'level-asymmetry-allowed': 1,
    },
  },
  { kind: 'video', mimeType: 'video/AV1', preferredPayloadType: 104, clockRate: 90000 },
];

/** What mediasoup makes of {@link ROUTER_CODECS}; an integration test holds it to a real router. */
export const ROUTER_RTP_CAPABILITIES: RtpCapabilities = parse(RtpCapabilities, capabilities);

export type VideoCodec = 'VP8' | 'VP9' | 'H264' | 'AV1';

export interface Encoding {
  rid?: string;
  scaleResolutionDownBy?: number;
  /** Bits per second. */
  maxBitrate: number;
  maxFramerate?: number;
  scalabilityMode?: string;
}

/**
 * Camera: three simulcast layers, each half the width of the next. The bitrates are about what
 * Chromium's own table gives for 180p, 360p and 720p at 30 frames per second with VP8.
 */
const CAMERA_SIMULCAST: readonly Encoding[] = [
  { rid: 'r0', scaleResolutionDownBy: 4, maxBitrate: 150_000, scalabilityMode: 'L1T3' },
  { rid: 'r1', scaleResolutionDownBy: 2, maxBitrate: 500_000, scalabilityMode: 'L1T3' },
  { rid: 'r2', scaleResolutionDownBy: 1, maxBitrate: 1_700_000, scalabilityMode: 'L1T3' },
];
/** VP9 and AV1 carry the same three layers in one stream (SVC), which costs less to send. */
const CAMERA_SVC: readonly Encoding[] = [{ maxBitrate: 1_700_000, scalabilityMode: 'L3T3_KEY' }];
/**
 * Screen: text must be sharp before it is smooth. Two layers: the lower one at few frames for
 * viewers with little bandwidth, the upper one full size.
 */
const SCREEN_SIMULCAST: readonly Encoding[] = [
  { rid: 'r0', scaleResolutionDownBy: 2, maxBitrate: 400_000, maxFramerate: 5 },
  { rid: 'r1', scaleResolutionDownBy: 1, maxBitrate: 2_500_000, maxFramerate: 30 },
];
const SCREEN_SVC: readonly Encoding[] = [{ maxBitrate: 2_500_000, scalabilityMode: 'L1T3' }];

/** How a video track of this source is sent with this codec. */
export function videoEncodings(source: TrackSource, codec: VideoCodec): readonly Encoding[] {
  const svc = codec === 'VP9' || codec === 'AV1';
  if (source === 'screen') return svc ? SCREEN_SVC : SCREEN_SIMULCAST;
  return svc ? CAMERA_SVC : CAMERA_SIMULCAST;
}

/** How many spatial layers a subscriber can choose from. */
export const SPATIAL_LAYERS: Readonly<Record<TrackSource, number>> = {
  microphone: 1,
  'screen-audio': 1,
  camera: 3,
  screen: 2,
};

/**
 * The lowest spatial layer that fills a tile without visible blur. A layer is taken while it has at
 * least 3/4 of the tile's height; the camera's layers are 1/4, 1/2 and the whole of its height.
 *
 * @param tileHeight in device pixels
 * @param sourceHeight of the full picture, in pixels
 */
export function spatialLayerFor(
  source: TrackSource,
  tileHeight: number,
  sourceHeight = 720,
): number {
  const top = SPATIAL_LAYERS[source] - 1;
  for (let layer = 0; layer < top; layer++) {
    if ((sourceHeight / 2 ** (top - layer)) * (4 / 3) >= tileHeight) return layer;
  }
  return top;
}

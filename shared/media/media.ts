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

/**
 * The capabilities that mediasoup derives from {@link ROUTER_CODECS}. An integration test compares them with a
 * real router.
 */
export const ROUTER_RTP_CAPABILITIES: RtpCapabilities = parse(RtpCapabilities, capabilities);

export type VideoCodec = 'VP8' | 'VP9' | 'H264' | 'AV1';

export interface Encoding {
  rid?: string;
  scaleResolutionDownBy?: number;
  /** Bits per second. */
  maxBitrate: number;
  maxFramerate?: number;
  scalabilityMode?: string;
  /** False for a layer that a small source has no use for. */
  active?: boolean;
}

/** In pixels. */
export interface PictureSize {
  width: number;
  height: number;
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

/**
 * The shorter side that a picture needs for two layers and for three. Chromium sends fewer layers of
 * a small picture and leaves out the upper ones: below 960×540 pixels it sends two, below 480×270
 * one. No picture with these sides is below that, and the lowest layer keeps 180 lines.
 */
const TWO_LAYERS_FROM = 360;
const THREE_LAYERS_FROM = 720;
/** Bits per second that the whole of a camera's picture needs when it is no larger than this. */
const FULL_PICTURE_BITRATES: ReadonlyArray<{ shorterSide: number; maxBitrate: number }> = [
  { shorterSide: 180, maxBitrate: 150_000 },
  { shorterSide: 270, maxBitrate: 350_000 },
  { shorterSide: 360, maxBitrate: 500_000 },
  { shorterSide: 719, maxBitrate: 1_000_000 },
];

/**
 * How a video track of this source is sent with this codec. There are as many encodings for every
 * size, so that a sender can go on with a device of another one; a small picture has fewer active
 * ones, and the highest of these is not scaled.
 *
 * @param size of the picture, if it is known
 */
export function videoEncodings(
  source: TrackSource,
  codec: VideoCodec,
  size?: PictureSize,
): readonly Encoding[] {
  const svc = codec === 'VP9' || codec === 'AV1';
  // One stream holds all layers. Its highest layer is the whole picture at any size.
  if (svc) return source === 'screen' ? SCREEN_SVC : CAMERA_SVC;
  const encodings = source === 'screen' ? SCREEN_SIMULCAST : CAMERA_SIMULCAST;
  const layers = Math.min(encodings.length, layersFor(size));
  if (layers === encodings.length) return encodings;
  return encodings.map((encoding, layer) => ({
    ...encoding,
    scaleResolutionDownBy: 2 ** Math.max(0, layers - 1 - layer),
    active: layer < layers,
    ...(layer === layers - 1 && fullPicture(source, encodings, size)),
  }));
}

function layersFor(size: PictureSize | undefined): number {
  const shorter = size ? Math.min(size.width, size.height) : 0;
  // A size of nothing is one that the browser does not know yet.
  if (shorter === 0 || shorter >= THREE_LAYERS_FROM) return 3;
  return shorter >= TWO_LAYERS_FROM ? 2 : 1;
}

/** The bit rate and frame rate of a small picture's highest active layer. */
function fullPicture(
  source: TrackSource,
  encodings: readonly Encoding[],
  size: PictureSize | undefined,
): Partial<Encoding> {
  const top = encodings.at(-1);
  if (source === 'screen') {
    return {
      ...(top && { maxBitrate: top.maxBitrate }),
      ...(top?.maxFramerate !== undefined && { maxFramerate: top.maxFramerate }),
    };
  }
  const shorter = size ? Math.min(size.width, size.height) : 0;
  const needed = FULL_PICTURE_BITRATES.find(({ shorterSide }) => shorter <= shorterSide);
  return needed ? { maxBitrate: needed.maxBitrate } : {};
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

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

export const VIDEO_CODECS = ['VP8', 'VP9', 'H264', 'AV1'] as const;
export type VideoCodec = (typeof VIDEO_CODECS)[number];

/** The video codecs among these capabilities, in the order in which they are named there. */
export function videoCodecsOf({ codecs = [] }: { codecs?: readonly { mimeType: string }[] }) {
  const named = codecs.flatMap(({ mimeType }) =>
    VIDEO_CODECS.filter((codec) => mimeType.toLowerCase() === `video/${codec.toLowerCase()}`),
  );
  return [...new Set(named)];
}

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

/** Bits per second of a layer of a camera, by its shorter side in pixels. About Chromium's own table for VP8. */
const CAMERA_BITRATES: readonly Step[] = [
  { shorterSide: 180, maxBitrate: 150_000 },
  { shorterSide: 270, maxBitrate: 350_000 },
  { shorterSide: 360, maxBitrate: 500_000 },
  { shorterSide: 719, maxBitrate: 1_000_000 },
  { shorterSide: 1_079, maxBitrate: 1_700_000 },
  { shorterSide: 1_439, maxBitrate: 3_000_000 },
  { shorterSide: Number.POSITIVE_INFINITY, maxBitrate: 4_000_000 },
];
/** The same for the whole of a screen, whose text must be sharp before it is smooth. */
const SCREEN_BITRATES: readonly Step[] = [
  { shorterSide: 1_200, maxBitrate: 2_500_000 },
  { shorterSide: Number.POSITIVE_INFINITY, maxBitrate: 4_000_000 },
];
/** The lower layer of a screen, at few frames, for viewers with little bandwidth. */
const SMALL_SCREEN_BITRATES: readonly Step[] = [
  { shorterSide: 600, maxBitrate: 400_000 },
  { shorterSide: Number.POSITIVE_INFINITY, maxBitrate: 800_000 },
];
const SMALL_SCREEN_FRAMERATE = 5;
const SCREEN_FRAMERATE = 30;
/** Assumed while the browser does not know a picture's size. What pages ask of cameras and screens. */
const USUAL_SHORTER_SIDE: Readonly<Record<'camera' | 'screen', number>> = {
  camera: 720,
  screen: 1_080,
};
/**
 * VP9 and AV1 carry all layers in one stream (SVC), which costs less to send. A screen has one size. So has AV1: browsers
 * decode its smaller pictures only with a header extension that mediasoup does not forward (decision 21).
 */
const SVC_MODES: Readonly<Record<'VP9' | 'AV1', Readonly<Record<'camera' | 'screen', string>>>> = {
  VP9: { camera: 'L3T3_KEY', screen: 'L1T3' },
  AV1: { camera: 'L1T3', screen: 'L1T3' },
};

interface Step {
  readonly shorterSide: number;
  readonly maxBitrate: number;
}

/**
 * The shorter side that a picture needs for two layers and for three. Chromium sends fewer layers of
 * a small picture and leaves out the upper ones: below 960×540 pixels it sends two, below 480×270
 * one. No picture with these sides is below that, and the lowest layer keeps 180 lines.
 */
const TWO_LAYERS_FROM = 360;
const THREE_LAYERS_FROM = 720;

/** Whether a codec carries its layers in one stream. The others send each layer as a stream of its own. */
export function isLayered(codec: VideoCodec): codec is 'VP9' | 'AV1' {
  return codec === 'VP9' || codec === 'AV1';
}

/**
 * How a video track of this source is sent with this codec. There are as many encodings for every
 * size, so that a sender can go on with a device of another one; a small picture has fewer active
 * ones, and the highest of these is not scaled.
 *
 * @param size of the picture, if it is known. A phone that is turned changes nothing: its shorter side counts
 */
export function videoEncodings(
  source: TrackSource,
  codec: VideoCodec,
  size?: PictureSize,
): readonly Encoding[] {
  const kind = source === 'screen' ? 'screen' : 'camera';
  // A size of nothing is one that the browser does not know yet.
  const shorter = (size && Math.min(size.width, size.height)) || USUAL_SHORTER_SIDE[kind];
  // The highest layer of a stream with layers inside is the whole picture at any size.
  if (isLayered(codec)) {
    return [{ maxBitrate: wholeBitrate(kind, shorter), scalabilityMode: SVC_MODES[codec][kind] }];
  }
  const count = SPATIAL_LAYERS[kind];
  const active = Math.min(count, layersFor(shorter));
  return Array.from({ length: count }, (_, layer) => {
    const scale = 2 ** Math.max(0, active - 1 - layer);
    const rest = { rid: `r${layer}`, scaleResolutionDownBy: scale, active: layer < active };
    return kind === 'screen'
      ? { ...rest, ...screenLayer(shorter, scale) }
      : {
          ...rest,
          maxBitrate: bitrateOf(CAMERA_BITRATES, shorter / scale),
          scalabilityMode: 'L1T3',
        };
  });
}

function layersFor(shorterSide: number): number {
  if (shorterSide >= THREE_LAYERS_FROM) return 3;
  return shorterSide >= TWO_LAYERS_FROM ? 2 : 1;
}

function screenLayer(shorterSide: number, scale: number) {
  return scale === 1
    ? { maxBitrate: wholeBitrate('screen', shorterSide), maxFramerate: SCREEN_FRAMERATE }
    : {
        maxBitrate: bitrateOf(SMALL_SCREEN_BITRATES, shorterSide / scale),
        maxFramerate: SMALL_SCREEN_FRAMERATE,
      };
}

function wholeBitrate(kind: 'camera' | 'screen', shorterSide: number): number {
  return bitrateOf(kind === 'screen' ? SCREEN_BITRATES : CAMERA_BITRATES, shorterSide);
}

function bitrateOf(steps: readonly Step[], shorterSide: number): number {
  return (steps.find((step) => shorterSide <= step.shorterSide) ?? steps.at(-1))?.maxBitrate ?? 0;
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

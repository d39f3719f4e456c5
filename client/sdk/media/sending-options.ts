// How each source is encoded: the options of mediasoup-client for a track. Pure.
import type { Device, types } from 'mediasoup-client';
import {
  type Encoding,
  type PictureSize,
  type VideoCodec,
  videoEncodings,
} from '../../../shared/media/media.ts';
import type { TrackSource } from '../../../shared/room/room.ts';

/** Speech: 32 kbit/s is transparent. Music or a film in a shared tab: stereo, 128 kbit/s. */
const AUDIO_OPTIONS: Record<'microphone' | 'screen-audio', types.ProducerCodecOptions> = {
  microphone: { opusFec: true, opusDtx: true, opusNack: true, opusMaxAverageBitrate: 32_000 },
  'screen-audio': {
    opusFec: true,
    opusDtx: false,
    opusStereo: true,
    opusNack: true,
    opusMaxAverageBitrate: 128_000,
  },
};
/** Kilobits per second to begin with: the first seconds are sharp instead of blurred. */
const VIDEO_START_BITRATE_KBPS = 1_000;
/** Every browser sends and receives it. */
const FALLBACK_CODEC: VideoCodec = 'VP8';

export function sendingOptions(
  device: Device,
  source: TrackSource,
  videoCodec: VideoCodec,
  size?: PictureSize,
): Partial<types.ProducerOptions> {
  if (source === 'microphone' || source === 'screen-audio') {
    return { codecOptions: AUDIO_OPTIONS[source] };
  }
  const named = (name: VideoCodec) =>
    device.sendRtpCapabilities.codecs?.find(
      ({ mimeType }) => mimeType.toLowerCase() === `video/${name.toLowerCase()}`,
    );
  const wanted = named(videoCodec);
  const codec = wanted ?? named(FALLBACK_CODEC);
  return {
    ...(codec && { codec }),
    encodings: videoEncodings(source, wanted ? videoCodec : FALLBACK_CODEC, size).map(
      (encoding) => ({
        ...encoding,
      }),
    ),
    codecOptions: { videoGoogleStartBitrate: VIDEO_START_BITRATE_KBPS },
  };
}

/** The current size of the track's picture. Undefined while the browser does not report it. */
export function sizeOf(track: Pick<MediaStreamTrack, 'getSettings'>): PictureSize | undefined {
  const { width, height } = track.getSettings();
  return width && height ? { width, height } : undefined;
}

/**
 * The encodings of a sender for a picture of another size. Changes only encodings that have names.
 *
 * @returns undefined when they need no change
 */
export function resizedEncodings(
  now: readonly RTCRtpEncodingParameters[],
  wanted: readonly Encoding[],
): RTCRtpEncodingParameters[] | undefined {
  if (now.length < 2 || now.length !== wanted.length) return undefined;
  const resized = now.map((encoding) => {
    const other = wanted.find(({ rid }) => rid === encoding.rid);
    if (!other) return encoding;
    const { active = true, maxBitrate, maxFramerate, scaleResolutionDownBy = 1 } = other;
    return {
      ...encoding,
      ...{ active, maxBitrate, scaleResolutionDownBy },
      ...(maxFramerate !== undefined && { maxFramerate }),
    };
  });
  const same = resized.every((encoding, index) => {
    const before = now[index];
    return (
      before?.active === encoding.active &&
      (before?.scaleResolutionDownBy ?? 1) === encoding.scaleResolutionDownBy
    );
  });
  return same ? undefined : resized;
}

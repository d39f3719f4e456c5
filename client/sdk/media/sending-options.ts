// How each source is encoded: what mediasoup-client is told when a track is sent. Pure.
import type { Device, types } from 'mediasoup-client';
import { type VideoCodec, videoEncodings } from '../../../shared/media/media.ts';
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
    encodings: videoEncodings(source, wanted ? videoCodec : FALLBACK_CODEC).map((encoding) => ({
      ...encoding,
    })),
    codecOptions: { videoGoogleStartBitrate: VIDEO_START_BITRATE_KBPS },
  };
}

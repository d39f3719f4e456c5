// How each source is encoded: the options of mediasoup-client for a track. Pure.
import type { Device, types } from 'mediasoup-client';
import {
  type Encoding,
  isLayered,
  type PictureSize,
  videoEncodings,
} from '../../../shared/media/media.ts';
import type { TrackSource } from '../../../shared/room/room.ts';
import type { SentAs } from './encodings/choose-codec.ts';

/** How every track is sent. */
export const PRODUCER_OPTIONS = {
  // Its owner stops it, not we; and a mute must not disable the owner's track.
  stopTracks: false,
  disableTrackOnPause: false,
  // Muted: no packets are sent, instead of silence.
  zeroRtpOnPause: true,
} as const;

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
export function sendingOptions(
  device: Pick<Device, 'sendRtpCapabilities'>,
  source: TrackSource,
  { codec: name, layered }: SentAs,
  size?: PictureSize,
): Partial<types.ProducerOptions> {
  if (source === 'microphone' || source === 'screen-audio') {
    return { codecOptions: AUDIO_OPTIONS[source] };
  }
  const codec = device.sendRtpCapabilities.codecs?.find(
    ({ mimeType }) => mimeType.toLowerCase() === `video/${name.toLowerCase()}`,
  );
  return {
    ...(codec && { codec }),
    encodings: videoEncodings(source, name, size).map(({ scalabilityMode, ...encoding }) => ({
      ...encoding,
      // The server would look for layers that a browser which knows no such modes does not send.
      ...(scalabilityMode && (layered || !isLayered(name)) && { scalabilityMode }),
    })),
    codecOptions: { videoGoogleStartBitrate: VIDEO_START_BITRATE_KBPS },
  };
}

/** The current size of the track's picture. Undefined while the browser does not report it. */
export function sizeOf(track: Pick<MediaStreamTrack, 'getSettings'>): PictureSize | undefined {
  const { width, height } = track.getSettings();
  return width && height ? { width, height } : undefined;
}

/** What {@link BandwidthWatch} adds to a limit is no other limit. Bits per second. */
const SAME_BITRATE = 1_000;

/**
 * The encodings of a sender for a picture of another size. Encodings of another codec, of which there is another
 * number, are left alone.
 *
 * @returns undefined when they need no change
 */
export function resizedEncodings(
  now: readonly RTCRtpEncodingParameters[],
  wanted: readonly Encoding[],
): RTCRtpEncodingParameters[] | undefined {
  if (now.length !== wanted.length) return undefined;
  // A single encoding has no name.
  const find = ({ rid }: RTCRtpEncodingParameters) =>
    now.length === 1 ? wanted[0] : wanted.find((other) => other.rid === rid);
  const resized = now.map((encoding) => {
    const other = find(encoding);
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
    const { maxBitrate = 0 } = before ?? {};
    return (
      before?.active === encoding.active &&
      (before?.scaleResolutionDownBy ?? 1) === encoding.scaleResolutionDownBy &&
      Math.abs(maxBitrate - (encoding.maxBitrate ?? 0)) <= SAME_BITRATE
    );
  });
  return same ? undefined : resized;
}

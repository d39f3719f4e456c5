// The beginning of a file with one track, up to its first cluster (RFC 9559; WebM is a part of it).
import { date, element, endlessElement, float, text, unsigned } from './ebml.ts';

export interface FileTrack {
  extension: 'webm' | 'mkv';
  codecId: string;
  /** CodecPrivate, where the codec needs one. */
  config: Buffer | undefined;
  /** UTC milliseconds of the first frame. */
  startedAt: number;
  media:
    | { kind: 'video'; width: number; height: number }
    /** `preSkip` in samples of `clockRate`: what the encoder looked ahead, which comes out of the decoder first. */
    | { kind: 'audio'; clockRate: number; channels: number; preSkip: number };
}

/** Decoding begins so long before what is to be heard (RFC 7845 §4.6). */
const SEEK_PRE_ROLL_NS = 80_000_000;
const MILLISECOND_NS = 1_000_000;
const APPLICATION = 'Parley';

const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const VIDEO = 0xe0;
const AUDIO = 0xe1;

export function fileHeader(track: FileTrack): Buffer {
  return Buffer.concat([
    element(
      EBML,
      unsigned(0x4286, 1),
      unsigned(0x42f7, 1),
      unsigned(0x42f2, 4),
      unsigned(0x42f3, 8),
      text(0x4282, track.extension === 'webm' ? 'webm' : 'matroska'),
      unsigned(0x4287, 4),
      unsigned(0x4285, 2),
    ),
    endlessElement(SEGMENT),
    element(
      INFO,
      unsigned(0x2ad7b1, MILLISECOND_NS),
      date(0x4461, track.startedAt),
      text(0x4d80, APPLICATION),
      text(0x5741, APPLICATION),
    ),
    element(TRACKS, trackEntry(track)),
  ]);
}

function trackEntry({ codecId, config, media }: FileTrack): Buffer {
  return element(
    TRACK_ENTRY,
    unsigned(0xd7, 1),
    unsigned(0x73c5, 1),
    unsigned(0x83, media.kind === 'video' ? 1 : 2),
    // No lacing: a block is a frame.
    unsigned(0x9c, 0),
    text(0x22b59c, 'und'),
    text(0x86, codecId),
    ...(config ? [element(0x63a2, config)] : []),
    ...(media.kind === 'video' ? video(media) : audio(media)),
  );
}

function video({ width, height }: { width: number; height: number }): Buffer[] {
  return [element(VIDEO, unsigned(0xb0, width), unsigned(0xba, height))];
}

function audio(media: { clockRate: number; channels: number; preSkip: number }): Buffer[] {
  const { clockRate, channels, preSkip } = media;
  return [
    unsigned(0x56aa, Math.round((preSkip / clockRate) * 1_000 * MILLISECOND_NS)),
    unsigned(0x56bb, SEEK_PRE_ROLL_NS),
    element(AUDIO, float(0xb5, clockRate), unsigned(0x9f, channels)),
  ];
}

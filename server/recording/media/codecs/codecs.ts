// The codecs that can be recorded: how each is unpacked, and how a file names it.
import { Av1 } from './av1.ts';
import type { Depacketizer } from './frames.ts';
import { H264 } from './h264.ts';
import { Opus } from './opus.ts';
import { Vp8 } from './vp8.ts';
import { Vp9 } from './vp9.ts';

export interface RecordedCodec {
  depacketizer(): Depacketizer;
  /** Matroska's CodecID. */
  codecId: string;
  extension: 'webm' | 'mkv';
}

/** By MIME type in lower case: senders of SDP write `opus` and `OPUS`. */
const CODECS: Readonly<Record<string, RecordedCodec>> = {
  'audio/opus': { depacketizer: () => new Opus(), codecId: 'A_OPUS', extension: 'webm' },
  'video/vp8': { depacketizer: () => new Vp8(), codecId: 'V_VP8', extension: 'webm' },
  'video/vp9': { depacketizer: () => new Vp9(), codecId: 'V_VP9', extension: 'webm' },
  'video/av1': { depacketizer: () => new Av1(), codecId: 'V_AV1', extension: 'webm' },
  'video/h264': { depacketizer: () => new H264(), codecId: 'V_MPEG4/ISO/AVC', extension: 'mkv' },
};

/** @returns undefined for a codec that cannot be recorded */
export function recordedCodec(mimeType: string): RecordedCodec | undefined {
  const name = mimeType.toLowerCase();
  return Object.hasOwn(CODECS, name) ? CODECS[name] : undefined;
}

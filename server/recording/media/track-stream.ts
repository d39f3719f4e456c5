// One recorded track: packets and sender reports in, segments out. Pure: it has no clock, no socket and no file.
import type { LineOf } from '../manifest/lines.ts';

export interface StreamOptions {
  kind: 'audio' | 'video';
  /** As in a MIME type: `audio/opus`, `video/VP8`, `video/VP9`, `video/H264`, `video/AV1`. */
  codec: string;
  payloadType: number;
  ssrc: number;
  /** Hz. */
  clockRate: number;
  channels: number;
  limits: StreamLimits;
}

export interface StreamLimits {
  /** A packet is waited for as long as this, then it counts as lost. Milliseconds. */
  reorderMs: number;
  /** Packets that wait for earlier ones, at most. */
  reorderPackets: number;
  /** A cluster is written after this at the latest. Milliseconds. */
  clusterMs: number;
  /** A frame, and so a cluster, is at most this large; a larger one is dropped. Bytes. */
  frameBytes: number;
  /** A segment ends, and another begins with the next key frame, after this. Milliseconds. */
  segmentMs: number;
}

/** What to do, in this order. */
export type StreamOutput =
  /** A file begins: write `header`. Frames of the file follow in `append`. */
  | {
      do: 'open';
      /** Of the file: `webm`, or `mkv` for what WebM does not carry. */
      extension: 'webm' | 'mkv';
      header: Buffer;
      codec: string;
      width?: number;
      height?: number;
      /** UTC milliseconds of the first frame. */
      startedAt: number;
      clock: 'sender' | 'arrival';
    }
  /** A whole cluster: append it and flush. */
  | { do: 'append'; bytes: Buffer; frames: number; mediaMs: number }
  | { do: 'clock'; mediaMs: number; utcMs: number }
  | { do: 'loss'; mediaMs: number; packets: number }
  | { do: 'close'; why: LineOf<'end'>['why']; durationMs: number }
  /** Ask the sender for a key frame. */
  | { do: 'keyframe' };

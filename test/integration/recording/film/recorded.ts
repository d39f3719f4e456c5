// Makes tracks as a recorder leaves them, with ffmpeg: each flashes, or beeps, at every whole second of UTC.
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { ManifestLine } from '../../../../server/recording/manifest/lines.ts';
import { programPath } from '../../../support/process/programs.ts';
import { output } from '../../../support/recording/film/child.ts';

/** A whole second: 2026-11-28 18:45:12 UTC. */
export const START = Date.UTC(2026, 10, 28, 18, 45, 12);
export const FLASH_MS = 100;

export type Codec = 'vp8' | 'vp9' | 'h264' | 'av1' | 'opus';

export const MIME: Record<Codec, string> = {
  vp8: 'video/VP8',
  vp9: 'video/VP9',
  h264: 'video/H264',
  av1: 'video/AV1',
  opus: 'audio/opus',
};

const ENCODERS: Record<Codec, string[]> = {
  vp8: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '500k'],
  vp9: ['-c:v', 'libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '500k'],
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '0', '-pix_fmt', 'yuv420p'],
  av1: ['-c:v', 'libsvtav1', '-preset', '12', '-crf', '40'],
  opus: ['-c:a', 'libopus', '-b:a', '32k'],
};

export interface Recorded {
  file: string;
  trackId: string;
  participantId: string;
  source: 'camera' | 'screen' | 'microphone';
  codec: Codec;
  /** UTC milliseconds. */
  from: number;
  to: number;
  /** Of a picture; `0x` and RRGGBB. */
  colour?: string;
  /** Of a beep, Hz. */
  tone?: number;
  width?: number;
  height?: number;
  fps?: number;
  epoch?: number;
  /** Parts per million by which the sender's clock runs slow: its media passes slower than UTC. */
  ppm?: number;
  /** Milliseconds by which the first guess of the recorder is wrong. */
  wrongBy?: number;
  /** Key frames, in seconds. */
  keyFrames?: number;
}

function filterOf(
  { codec, from, colour, tone, width, height, fps, ppm = 0 }: Recorded,
  seconds: number,
) {
  const rate = 1 + ppm / 1e6;
  const offset = (from % 1_000) / 1_000;
  const flash = (t: string) => `lt(mod(${t}*${rate}+${offset}+0.001,1),${FLASH_MS / 1_000})`;
  return codec === 'opus'
    ? `aevalsrc='if(${flash('t')},0.4*sin(2*PI*${tone ?? 1_000}*t),0)':s=48000:d=${seconds}`
    : `color=c=${colour}:s=${width ?? 320}x${height ?? 180}:r=${fps ?? 30}:d=${seconds},` +
        `drawbox=enable='${flash('t')}':c=white:t=fill`;
}

/** Without an index and a length, as a recorder leaves it that was killed. */
export async function record(folder: string, track: Recorded): Promise<ManifestLine[]> {
  const { file, codec, from, to, participantId, trackId, source, ppm = 0, wrongBy = 0 } = track;
  const rate = 1 + ppm / 1e6;
  const durationMs = (to - from) / rate;
  const isAudio = codec === 'opus';
  await output(programPath('ffmpeg'), [
    ...['-nostdin', '-loglevel', 'error', '-y', '-threads', '1'],
    ...['-f', 'lavfi', '-i', filterOf(track, durationMs / 1_000)],
    ...ENCODERS[codec],
    ...(isAudio ? [] : ['-g', String((track.keyFrames ?? 20) * (track.fps ?? 30))]),
    ...['-threads', '1', '-f', codec === 'h264' ? 'matroska' : 'webm', '-live', '1'],
    path.join(folder, file),
  ]);
  const bytes = (await stat(path.join(folder, file))).size;
  const segment: ManifestLine = {
    type: 'segment',
    at: from + 20,
    segment: file,
    trackId,
    participantId,
    kind: isAudio ? 'audio' : 'video',
    source,
    epoch: track.epoch ?? 1,
    codec: MIME[codec],
    ...(!isAudio && { width: track.width ?? 320, height: track.height ?? 180 }),
    startedAt: from + wrongBy,
    clock: wrongBy === 0 ? 'sender' : 'arrival',
  };
  const clocks: ManifestLine[] = [];
  for (let mediaMs = 500; mediaMs < durationMs; mediaMs += 1_000) {
    const utcMs = from + mediaMs * rate;
    clocks.push({ type: 'clock', at: utcMs + 30, segment: file, mediaMs, utcMs });
  }
  return [
    segment,
    ...clocks,
    { type: 'end', at: to + 40, segment: file, why: 'unpublished', durationMs, bytes },
  ];
}

// What a TrackStream makes of datagrams, as the files that a recorder would have written.
import {
  type StreamOptions,
  type StreamOutput,
  TrackStream,
} from '../../../../server/recording/media/track-stream.ts';

export interface Datagram {
  bytes: Buffer;
  /** UTC milliseconds, with fractions. */
  arrivedAt: number;
}

export interface RecordedFile {
  open: Extract<StreamOutput, { do: 'open' }>;
  /** The header, then each cluster. */
  parts: Buffer[];
  frames: number;
  clocks: Extract<StreamOutput, { do: 'clock' }>[];
  losses: number;
  close?: Extract<StreamOutput, { do: 'close' }>;
}

export const LIMITS = {
  reorderMs: 200,
  reorderPackets: 512,
  clusterMs: 1_000,
  frameBytes: 4_000_000,
  segmentMs: 3_600_000,
};

export function streamOptions(codec: string, more: Partial<StreamOptions> = {}): StreamOptions {
  const audio = codec.startsWith('audio/');
  return {
    kind: audio ? 'audio' : 'video',
    codec,
    payloadType: 96,
    ssrc: 4711,
    clockRate: audio ? 48_000 : 90_000,
    channels: audio ? 2 : 1,
    limits: LIMITS,
    ...more,
  };
}

export function filesOf(outputs: readonly StreamOutput[]): RecordedFile[] {
  const files: RecordedFile[] = [];
  for (const output of outputs) {
    if (output.do === 'open') {
      files.push({ open: output, parts: [output.header], frames: 0, clocks: [], losses: 0 });
      continue;
    }
    const file = files.at(-1);
    if (output.do === 'keyframe' || !file) continue;
    if (output.do === 'append') {
      file.parts.push(output.bytes);
      file.frames += output.frames;
    }
    if (output.do === 'clock') file.clocks.push(output);
    if (output.do === 'loss') file.losses += output.packets;
    if (output.do === 'close') file.close = output;
  }
  return files;
}

export function record(datagrams: readonly Datagram[], options: StreamOptions): RecordedFile[] {
  const stream = new TrackStream(options);
  const outputs = datagrams.flatMap(({ bytes, arrivedAt }) => stream.receive(bytes, arrivedAt));
  outputs.push(...stream.end('stopped', datagrams.at(-1)?.arrivedAt ?? 0));
  return filesOf(outputs);
}

/** How many frames each file has, of which width, and why it ended. */
export function brief(files: readonly RecordedFile[]): string[] {
  return files.map(
    ({ frames, open, close }) => `${frames} of ${open.width ?? 'sound'}: ${close?.why}`,
  );
}

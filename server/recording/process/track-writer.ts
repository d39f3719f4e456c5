// One track on its way to its files: a stream of packets in, segments and lines of the manifest out.
import { compactTime } from '../../../shared/recording/recording-id.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { SegmentOutput } from '../media/segment.ts';
import { type StreamLimits, type StreamOutput, TrackStream } from '../media/track-stream.ts';
import type { GrowingFile } from '../spool/growing-file.ts';
import { StoreError } from '../stores/store.ts';
import type { RecordedTrackInfo, SegmentEnd } from './messages.ts';
import type { OpenRecording } from './open-recording.ts';

export interface TrackWriterOptions {
  info: RecordedTrackInfo;
  recording: OpenRecording;
  limits: StreamLimits;
  /** Whether a file may begin now. */
  mayOpen(): boolean;
  requestKeyFrame(): void;
  onWritten(bytes: number): void;
  onLost(packets: number): void;
  log: Logger;
}

/** Lines about loss are this far apart at least: a bad line is not a long log. */
const LOSS_EVERY_MS = 1_000;
/** After a disk was full, a file is begun again this late. */
const AGAIN_MS = 10_000;

interface Segment {
  readonly name: string;
  /** Writes in order: opened first, then one append after the other. */
  writing: Promise<GrowingFile | undefined>;
  bytes: number;
  durationMs: number;
  lost: { atMs: number; packets: number };
  /** It could not be written. */
  isBroken: boolean;
}

export class TrackWriter {
  readonly port: number;
  readonly recordingId: string;
  readonly #options: TrackWriterOptions;
  readonly #stream: TrackStream;
  #segment: Segment | undefined;
  #problem: StoreError | undefined;
  /** Nothing is written before this, by the clock of `performance`. */
  #restsUntil = 0;

  /** @throws RangeError for a codec that cannot be recorded */
  constructor(options: TrackWriterOptions) {
    this.#options = options;
    const { info, limits } = options;
    this.port = info.port;
    this.recordingId = info.recordingId;
    const { kind, codec, payloadType, ssrc, clockRate, channels } = info;
    this.#stream = new TrackStream({
      ...{ kind, codec, payloadType, ssrc, clockRate, channels, limits },
    });
  }

  /** Why it is not written at the moment. */
  get problem(): StoreError | undefined {
    return this.#problem;
  }

  receive(datagram: Buffer, nowMs: number): void {
    if (performance.now() < this.#restsUntil || !this.#options.mayOpen()) return;
    this.#take(this.#stream.receive(datagram, nowMs));
  }

  tick(nowMs: number): void {
    this.#take(this.#stream.tick(nowMs));
  }

  close(why: SegmentEnd, nowMs: number): void {
    this.#take(this.#stream.end(why, nowMs));
  }

  #take(outputs: readonly StreamOutput[]): void {
    for (const output of outputs) {
      if (output.do === 'keyframe') this.#options.requestKeyFrame();
      else if (output.do === 'open') this.#open(output);
      else if (this.#segment) this.#write(this.#segment, output);
    }
  }

  #open({ extension, header, ...described }: Extract<StreamOutput, { do: 'open' }>): void {
    const { recording, info } = this.#options;
    const { trackId, participantId, kind, source, epoch } = info;
    const time = compactTime(described.startedAt);
    const name = recording.nextName(`${time}-${source}-${participantId}`, extension);
    const segment: Segment = {
      name,
      writing: recording.openFile(name).catch((error) => this.#failed(segment, error)),
      bytes: 0,
      durationMs: 0,
      lost: { atMs: Number.NEGATIVE_INFINITY, packets: 0 },
      isBroken: false,
    };
    this.#segment = segment;
    this.#append(segment, header);
    const { codec, width, height, startedAt, clock } = described;
    recording.line({
      ...{ type: 'segment', at: Date.now(), segment: name, trackId, participantId, kind, source },
      ...{ epoch, codec, startedAt, clock },
      ...(width !== undefined && height !== undefined && { width, height }),
    });
  }

  #write(segment: Segment, output: SegmentOutput): void {
    const { recording, onLost } = this.#options;
    const about = { at: Date.now(), segment: segment.name };
    switch (output.do) {
      case 'append':
        segment.durationMs = output.mediaMs;
        this.#append(segment, output.bytes);
        return;
      case 'clock': {
        const { mediaMs, utcMs } = output;
        recording.line({ type: 'clock', ...about, mediaMs, utcMs });
        return;
      }
      case 'loss': {
        const { lost } = segment;
        lost.packets += output.packets;
        onLost(output.packets);
        if (output.mediaMs - lost.atMs < LOSS_EVERY_MS) return;
        recording.line({ type: 'loss', ...about, ...lossOf(output.mediaMs, lost.packets) });
        segment.lost = { atMs: output.mediaMs, packets: 0 };
        return;
      }
      case 'close':
        this.#close(segment, output.why, output.durationMs);
    }
  }

  #append(segment: Segment, bytes: Buffer): void {
    segment.bytes += bytes.length;
    segment.writing = segment.writing.then(async (file) => {
      if (!file || segment.isBroken) return file;
      try {
        await file.append(bytes);
        this.#problem = undefined;
        this.#options.onWritten(bytes.length);
        return file;
      } catch (error) {
        this.#failed(segment, error);
        return file;
      }
    });
  }

  #close(segment: Segment, why: SegmentEnd, durationMs: number): void {
    const { recording } = this.#options;
    if (this.#segment === segment) this.#segment = undefined;
    const { name, bytes } = segment;
    if (segment.lost.packets > 0) {
      const about = { at: Date.now(), segment: name };
      recording.line({ type: 'loss', ...about, ...lossOf(durationMs, segment.lost.packets) });
    }
    const end = segment.isBroken ? 'disk' : why;
    recording.line({ type: 'end', at: Date.now(), segment: name, why: end, durationMs, bytes });
    void segment.writing.then((file) => {
      if (file) recording.closeFile(file);
    });
  }

  /** The call goes on; what is sent meanwhile is not recorded. */
  #failed(segment: Segment, error: unknown): undefined {
    segment.isBroken = true;
    const problem =
      error instanceof StoreError
        ? error
        : new StoreError('unwritable', 'A recording cannot be written.', { cause: error });
    this.#problem = problem;
    this.#options.log.error({ err: problem, file: segment.name }, 'recording has stopped for now');
    this.#restsUntil = performance.now() + AGAIN_MS;
    this.#take(this.#stream.end('disk', Date.now()));
    return undefined;
  }
}

function lossOf(mediaMs: number, packets: number): { mediaMs: number; packets: number } {
  return { mediaMs: Math.max(0, mediaMs), packets };
}

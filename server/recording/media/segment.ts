// One file of a track as it grows: block times, clusters, what was lost, and which time of day its times are.
import type { LineOf } from '../manifest/lines.ts';
import type { Picture } from './codecs/frames.ts';
import { type Cluster, ClusterWriter } from './muxer/cluster.ts';

export type SegmentOutput =
  /** A whole cluster: append it and flush. `mediaMs`: how long the file is with it. */
  | { do: 'append'; bytes: Buffer; frames: number; mediaMs: number }
  /** What was captured at `mediaMs` of the file was captured at `utcMs`. */
  | { do: 'clock'; mediaMs: number; utcMs: number }
  /** Packets that never came, gathered for as long as a cluster takes. `mediaMs`: of the first. */
  | { do: 'loss'; mediaMs: number; packets: number }
  | { do: 'close'; why: LineOf<'end'>['why']; durationMs: number };

export interface SegmentStart {
  /** The RTP timestamp of the first frame: unwrapped, in units of the clock rate. */
  timestamp: number;
  /** UTC milliseconds. */
  arrivedAt: number;
  /** UTC milliseconds of its capture, as the sender reported it; undefined if it is not known. */
  capturedAt: number | undefined;
  /** Hz. */
  clockRate: number;
}

/** A clock that moved by less is told only now and then: films are exact to a frame. */
const CLOCK_MOVED_MS = 5;
const CLOCK_EVERY_MS = 10_000;
/** Until the next frame says how long one lasts, at most: the last frame before a pause does not last as long as the pause. */
const LONGEST_FRAME_MS = 200;

export class Segment {
  readonly start: SegmentStart;
  readonly #clusterMs: number;
  readonly #clusters: ClusterWriter;
  /** The RTP timestamp of the last frame: unwrapped. */
  #timestamp: number;
  #arrivedAt: number;
  /** The time of the last block. */
  #time = 0;
  #frameMs = 0;
  #endMs = 0;
  /** UTC milliseconds of the file's beginning, as last told. */
  #beginsAt: number | undefined;
  #clockToldAt: number;
  /** When the first block of this cluster was added. */
  #gatheredSince = 0;
  #loss: { mediaMs: number; packets: number; since: number } | undefined;

  /** @param limits milliseconds of a cluster, bytes of a frame and so of a cluster */
  constructor(start: SegmentStart, limits: { clusterMs: number; frameBytes: number }) {
    this.start = start;
    this.#clusterMs = limits.clusterMs;
    this.#clusters = new ClusterWriter(limits.clusterMs, limits.frameBytes);
    this.#timestamp = start.timestamp;
    this.#arrivedAt = start.arrivedAt;
    this.#beginsAt = start.capturedAt;
    this.#clockToldAt = start.arrivedAt;
  }

  /** Milliseconds from the beginning of the file to a timestamp, with fractions. */
  mediaMs(timestamp: number): number {
    return ((timestamp - this.start.timestamp) / this.start.clockRate) * 1_000;
  }

  /** How far a frame is from the last one, by its timestamp and by its arrival. Milliseconds. */
  stepTo(timestamp: number, arrivedAt: number): { mediaMs: number; arrivalMs: number } {
    return {
      mediaMs: this.mediaMs(timestamp) - this.mediaMs(this.#timestamp),
      arrivalMs: arrivedAt - this.#arrivedAt,
    };
  }

  add(picture: Picture, timestamp: number, arrivedAt: number, nowMs: number): SegmentOutput[] {
    const mediaMs = this.mediaMs(timestamp);
    const step = mediaMs - this.mediaMs(this.#timestamp);
    if (step > 0) this.#frameMs = Math.min(step, LONGEST_FRAME_MS);
    const before = this.#endMs;
    this.#timestamp = timestamp;
    this.#arrivedAt = arrivedAt;
    this.#time = Math.max(this.#time, Math.round(mediaMs));
    this.#endMs = Math.max(before, mediaMs + (picture.durationMs ?? this.#frameMs));
    const { key, chunks } = picture;
    const full = this.#clusters.add({ time: this.#time, key, chunks });
    // With the frame that does not fit in, another cluster begins.
    if (full || this.#clusters.frames === 1) this.#gatheredSince = nowMs;
    return full ? this.#written(full, Math.min(before, Math.max(mediaMs, 0))) : [];
  }

  lost(packets: number, nowMs: number): void {
    this.#loss ??= { mediaMs: this.#endMs, packets: 0, since: nowMs };
    this.#loss.packets += packets;
  }

  /**
   * A report of the sender.
   *
   * @param timestamp unwrapped
   * @param utcMs UTC milliseconds
   */
  clock(timestamp: number, utcMs: number, nowMs: number): SegmentOutput[] {
    const mediaMs = this.mediaMs(timestamp);
    const beginsAt = utcMs - mediaMs;
    const known = this.#beginsAt;
    const told = Math.abs(nowMs - this.#clockToldAt) < CLOCK_EVERY_MS;
    if (known !== undefined && told && Math.abs(beginsAt - known) <= CLOCK_MOVED_MS) return [];
    this.#beginsAt = beginsAt;
    this.#clockToldAt = nowMs;
    return [
      mediaMs < 0 ? { do: 'clock', mediaMs: 0, utcMs: beginsAt } : { do: 'clock', mediaMs, utcMs },
    ];
  }

  /** How far a report is from what the file's clock is known to be. Milliseconds; 0 while nothing is known. */
  movedBy(timestamp: number, utcMs: number): number {
    if (this.#beginsAt === undefined) return 0;
    return Math.abs(utcMs - this.mediaMs(timestamp) - this.#beginsAt);
  }

  /** Writes what has been gathered for as long as a cluster takes, though nothing more comes. */
  tick(nowMs: number): SegmentOutput[] {
    const due = (since: number) => Math.abs(nowMs - since) >= this.#clusterMs;
    if (this.#clusters.frames > 0 && due(this.#gatheredSince)) {
      return this.#written(this.#clusters.take(), this.#endMs);
    }
    return this.#loss && due(this.#loss.since) ? this.#written(undefined, 0) : [];
  }

  end(why: LineOf<'end'>['why']): SegmentOutput[] {
    return [
      ...this.#written(this.#clusters.take(), this.#endMs),
      { do: 'close', why, durationMs: this.#endMs },
    ];
  }

  #written(cluster: Cluster | undefined, mediaMs: number): SegmentOutput[] {
    const outputs: SegmentOutput[] = [];
    if (cluster) outputs.push({ do: 'append', ...cluster, mediaMs });
    if (this.#loss) {
      outputs.push({ do: 'loss', mediaMs: this.#loss.mediaMs, packets: this.#loss.packets });
      this.#loss = undefined;
    }
    return outputs;
  }
}

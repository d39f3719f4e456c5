// Tracks that a participant should receive and cannot decode: their senders are informed, again and again while it
// is so, as an event may be lost on its way.
import { videoCodecsOf } from '../../../shared/media/media.ts';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { PublishEvent } from '../rooms/media-room.ts';
import type { RoomTrack } from '../rooms/room-tracks.ts';

/** The first pause between two events. It doubles up to the second: a sender may know no other codec. */
export const REPEAT_MS = 2_000;
const REPEAT_MAX_MS = 30_000;

export interface UndecodableOptions {
  publishToRoom: PublishEvent;
  rtpCapabilities: RtpCapabilities;
  resources: Resources;
}

/** When the sender of a track was informed last, by any participant of this node: a thousand may lack one codec. */
const informedAt = new WeakMap<RoomTrack, Map<string, number>>();

export class Undecodable {
  readonly #options: UndecodableOptions;
  /** Empty for a client that receives no pictures at all: no codec helps it. */
  readonly #codecs: string[];
  readonly #tracks = new Set<RoomTrack>();
  #timer: Timer | undefined;
  #pauseMs = REPEAT_MS;
  #closed = false;

  constructor(options: UndecodableOptions) {
    this.#options = options;
    this.#codecs = videoCodecsOf(options.rtpCapabilities);
  }

  add(track: RoomTrack): void {
    if (this.#closed || track.kind !== 'video' || this.#codecs.length === 0) return;
    this.#tracks.add(track);
    this.#timer?.close();
    this.#timer = undefined;
    this.#pauseMs = REPEAT_MS;
    this.#inform();
  }

  /** Idempotent. */
  close(): void {
    this.#closed = true;
    this.#timer?.close();
  }

  #inform(): void {
    for (const track of this.#tracks) {
      if (track.closed) this.#tracks.delete(track);
      else this.#publish(track);
    }
    if (this.#tracks.size === 0) return;
    this.#timer = this.#options.resources.after(this.#pauseMs, () => this.#inform());
    this.#pauseMs = Math.min(this.#pauseMs * 2, REPEAT_MAX_MS);
  }

  #publish(track: RoomTrack): void {
    const codecs = this.#codecs;
    const byCodecs = informedAt.get(track) ?? new Map<string, number>();
    informedAt.set(track, byCodecs);
    const key = codecs.join();
    const now = performance.now();
    if (now - (byCodecs.get(key) ?? Number.NEGATIVE_INFINITY) < REPEAT_MS / 2) return;
    byCodecs.set(key, now);
    const { participantId, trackId } = track;
    this.#options.publishToRoom('undecodable', { participantId, trackId, codecs });
  }
}

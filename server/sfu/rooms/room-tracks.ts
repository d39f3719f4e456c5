// The tracks of a room as one node knows them: its own and those of other nodes.
import type { MediaKind } from '../../../shared/media/rtp.ts';
import type { RoomRouter } from './room-router.ts';

/** Where a track's participant is connected. */
export type TrackHome =
  | { readonly router: RoomRouter; readonly nodeId?: undefined }
  | { readonly nodeId: string; readonly routerId: string };

/** One producer of a track. A participant who moves may have two of them, with different epochs. */
export interface RoomTrack {
  readonly trackId: string;
  readonly participantId: string;
  /** The epoch of the media session that sends it. */
  readonly epoch: number;
  readonly producerId: string;
  readonly kind: 'audio' | 'video';
  readonly home: TrackHome;
  /** The producer has ended. */
  closed: boolean;
}
export type TrackKind = (typeof MediaKind.options)[number];

export class RoomTracks {
  readonly #byProducer = new Map<string, RoomTrack>();

  get all(): readonly RoomTrack[] {
    return [...this.#byProducer.values()];
  }

  get(producerId: string): RoomTrack | undefined {
    return this.#byProducer.get(producerId);
  }

  add(track: RoomTrack): void {
    this.#byProducer.set(track.producerId, track);
  }

  remove(producerId: string): void {
    const track = this.#byProducer.get(producerId);
    if (!track) return;
    track.closed = true;
    this.#byProducer.delete(producerId);
  }

  /** The newest producer of every track. */
  newest(): readonly RoomTrack[] {
    return newestOf(this.all);
  }
}

/** For each track the producer with the highest epoch: its participant is there already, or moving there. */
export function newestOf<T extends Pick<RoomTrack, 'trackId' | 'epoch'>>(
  tracks: readonly T[],
): readonly T[] {
  const newest = new Map<string, T>();
  for (const track of tracks) {
    const other = newest.get(track.trackId);
    if (!other || other.epoch < track.epoch) newest.set(track.trackId, track);
  }
  return [...newest.values()];
}

/** A producer belongs to one media session: the same track on the next one has another. */
export function producerIdOf(trackId: string, epoch: number): string {
  return `${trackId}.${epoch}`;
}

// The tracks of a room as one node knows them: its own and those of other nodes.
import type { MediaKind } from '../../../shared/media/rtp.ts';
import type { TrackSource } from '../../../shared/room/room.ts';
import type { MeshTrack } from '../../cluster/messages/mesh.ts';
import { type Common, type InterestLimits, RoomInterest } from '../../room/interest.ts';
import type { RoomRouter } from './room-router.ts';

/** Where a track's participant is connected. */
export type TrackHome =
  | { readonly router: RoomRouter; readonly nodeId?: undefined }
  | { readonly nodeId: string; readonly routerId: string };

/**
 * One producer of a track. A participant who moves may have two of them, with different epochs; one who changes
 * the codec, with different takes.
 */
export interface RoomTrack {
  readonly trackId: string;
  readonly participantId: string;
  /** The epoch of the media session that sends it. */
  readonly epoch: number;
  /** The number of this producer among those of its track on one media session. A higher one is newer. Absent: 0. */
  readonly take?: number;
  readonly producerId: string;
  readonly kind: 'audio' | 'video';
  readonly source?: TrackSource | undefined;
  readonly home: TrackHome;
  /** The producer has ended. */
  closed: boolean;
}
export type TrackKind = (typeof MediaKind.options)[number];

export class RoomTracks {
  readonly #byProducer = new Map<string, RoomTrack>();
  /** Oldest first. */
  readonly #byTrack = new Map<string, readonly RoomTrack[]>();
  readonly #interest: RoomInterest<RoomTrack>;
  readonly #watchers = new Set<() => void>();

  constructor(limits: InterestLimits) {
    this.#interest = new RoomInterest(limits);
  }

  get all(): readonly RoomTrack[] {
    return [...this.#byProducer.values()];
  }

  /** @param listener called when tracks were added or removed. @returns what to call when it is not to be called any more */
  watch(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  get(producerId: string): RoomTrack | undefined {
    return this.#byProducer.get(producerId);
  }

  /** The track's newest producer: its participant is there already, or moving there. */
  newest(trackId: string): RoomTrack | undefined {
    return this.#interest.get(trackId);
  }

  /** The producers of a track, oldest first: two while its participant moves. */
  of(trackId: string): readonly RoomTrack[] {
    return this.#byTrack.get(trackId) ?? [];
  }

  /** What all participants receive. The same object as before while nothing of it has changed. */
  get common(): Common<RoomTrack> {
    return this.#interest.common;
  }

  add(track: RoomTrack, { muted }: { muted: boolean }): void {
    this.#byProducer.set(track.producerId, track);
    const others = this.#byTrack.get(track.trackId) ?? [];
    const all = [...others, track].toSorted((a, b) => a.epoch - b.epoch || takeOf(a) - takeOf(b));
    this.#byTrack.set(track.trackId, all);
    if (all.at(-1) === track) this.#interest.set(track, { muted });
    this.#changed();
  }

  remove(producerId: string): void {
    const track = this.#byProducer.get(producerId);
    if (!track) return;
    track.closed = true;
    this.#byProducer.delete(producerId);
    this.#changed();
    const { trackId } = track;
    const others = this.#byTrack.get(trackId)?.filter((other) => other !== track) ?? [];
    const newest = others.at(-1);
    if (!newest) {
      this.#byTrack.delete(trackId);
      this.#interest.remove(trackId);
      return;
    }
    this.#byTrack.set(trackId, others);
    if (this.#interest.get(trackId) === track) this.#interest.replace(newest);
  }

  mute(producerId: string, muted: boolean): void {
    const track = this.#byProducer.get(producerId);
    if (track && this.#interest.get(track.trackId) === track) {
      this.#interest.mute(track.trackId, muted);
    }
  }

  /** The voice is not to be heard before others. */
  fellSilent(producerId: string): void {
    const track = this.#byProducer.get(producerId);
    if (track) this.#interest.fellSilent(track.trackId);
  }

  #changed(): void {
    for (const listener of this.#watchers) listener();
  }

  /** @param producerIds of those who speak, the loudest first */
  spoke(producerIds: readonly string[]): void {
    const trackIds = producerIds.flatMap((id) => this.#byProducer.get(id)?.trackId ?? []);
    this.#interest.spoke([...new Set(trackIds)]);
  }
}

export function takeOf({ take = 0 }: { take?: number }): number {
  return take;
}

/** A producer belongs to one media session: the same track on the next one has another. */
export function producerIdOf(trackId: string, epoch: number, take = 0): string {
  return take === 0 ? `${trackId}.${epoch}` : `${trackId}.${epoch}.${take}`;
}

/** As other nodes need to know it. */
export function meshTrackOf(track: RoomTrack, routerId: string, paused: boolean): MeshTrack {
  const { home: _, closed: __, source, ...known } = track;
  return { ...known, ...(source !== undefined && { source }), routerId, paused };
}

// The tracks that this participant shares. They outlive sockets and media sessions.
import type { TrackSource } from '../../../shared/room/room.ts';
import { randomId } from '../session/ids.ts';
import type { LocalTrack, LocalTrackInput } from '../session/types.ts';

export interface LocalEntry {
  readonly id: string;
  readonly source: TrackSource;
  track: MediaStreamTrack;
  muted: boolean;
  /** We asked for a mute, and no unmute was confirmed since: a muted track may be our own doing. */
  mayBeMuted: boolean;
  /** True once unpublished: requests under way for it are given up. */
  closed: boolean;
}

export class LocalTracks {
  readonly #entries = new Map<TrackSource, LocalEntry>();

  get entries(): readonly LocalEntry[] {
    return [...this.#entries.values()];
  }

  get(source: TrackSource): LocalEntry | undefined {
    return this.#entries.get(source);
  }

  /** @param idOf the id that a track of this source was negotiated under before */
  addAll(inputs: readonly LocalTrackInput[], idOf: (source: TrackSource) => string | undefined) {
    for (const input of inputs) this.add(input, idOf(input.source));
  }

  /** @param id that the track was negotiated under before */
  add({ source, track, muted = false }: LocalTrackInput, id = randomId()): LocalEntry {
    const entry = { id, source, track, muted, mayBeMuted: muted, closed: false };
    this.#entries.set(source, entry);
    return entry;
  }

  remove(entry: LocalEntry): void {
    entry.closed = true;
    if (this.#entries.get(entry.source) === entry) this.#entries.delete(entry.source);
  }

  view(): ReadonlyMap<TrackSource, LocalTrack> {
    return new Map(
      [...this.#entries].map(([source, { id, track, muted }]) => [
        source,
        { id, source, track, muted },
      ]),
    );
  }
}

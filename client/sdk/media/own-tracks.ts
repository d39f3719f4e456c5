// The tracks that this participant shares: changes them here, on every media session, and at the server.
import type { ParleyError } from '../../../shared/errors.ts';
import type { RoomPatch } from '../../../shared/room/operations.ts';
import type { Track, TrackSource } from '../../../shared/room/room.ts';
import type { Retries } from '../link/retries.ts';
import type { LocalTrackInput } from '../session/types.ts';
import type { LocalEntry, LocalTracks } from './local-tracks.ts';
import type { MediaKeeper } from './media-keeper.ts';
import type { Request } from './media-session.ts';

export interface OwnTracksOptions {
  local: LocalTracks;
  media: MediaKeeper;
  request: Request;
  retries: Retries;
  /** The tracks of ours that the room lists. */
  listed(): readonly Track[];
  onChange(): void;
  onMutedByHost(source: TrackSource): void;
  onProblem(error: ParleyError): void;
}

export class OwnTracks {
  readonly #options: OwnTracksOptions;

  constructor(options: OwnTracksOptions) {
    this.#options = options;
  }

  /** Publishes a track, or replaces the media of the source if it is published already. */
  publish(input: LocalTrackInput): void {
    const { local, media, onChange } = this.#options;
    const known = local.get(input.source);
    if (known) {
      known.track = input.track;
      if (input.muted !== undefined) this.setMuted(input.source, input.muted);
    } else {
      local.add(input);
    }
    media.reconcile();
    onChange();
  }

  unpublish(source: TrackSource): void {
    const entry = this.#options.local.get(source);
    if (!entry) return;
    this.drop(entry);
    this.#requestUnpublish(entry.id);
  }

  setMuted(source: TrackSource, muted: boolean): void {
    const entry = this.#options.local.get(source);
    if (!entry || entry.muted === muted) return;
    this.#mute(entry, muted);
    this.#requestMute(entry);
  }

  /** The server refused the track: stops sending it. */
  drop(entry: LocalEntry): void {
    const { local, media, onChange } = this.#options;
    local.remove(entry);
    media.reconcile();
    onChange();
  }

  onPatch({ ops }: Pick<RoomPatch, 'ops'>, participantId: string): void {
    for (const op of ops) {
      if (op.op !== 'mute' || !op.muted || op.by === participantId) continue;
      const entry = this.#find(op.trackId);
      if (entry) this.#mutedByHost(entry);
    }
    // A change made while the publish was under way concerned a track that the server did not know yet.
    if (ops.some((op) => op.op === 'publish' && op.track.participantId === participantId)) {
      this.sendDifferences();
    }
  }

  /** Sends our changes that the server missed. */
  sendDifferences(): void {
    for (const { id, muted } of this.#options.listed()) {
      const entry = this.#find(id);
      if (!entry) this.#requestUnpublish(id);
      // Muted, though we did not ask for it: a host did, while we were away.
      else if (muted && !entry.mayBeMuted) this.#mutedByHost(entry);
      else if (entry.muted !== muted) this.#requestMute(entry);
    }
  }

  /** The media server may have missed requests for tracks that the room lists. */
  resendAll(): void {
    for (const { id } of this.#options.listed()) {
      const entry = this.#find(id);
      if (entry) this.#requestMute(entry);
      else this.#requestUnpublish(id);
    }
  }

  #find(trackId: string): LocalEntry | undefined {
    return this.#options.local.entries.find(({ id }) => id === trackId);
  }

  #mute(entry: LocalEntry, muted: boolean): void {
    entry.muted = muted;
    this.#options.media.reconcile();
    this.#options.onChange();
  }

  #mutedByHost(entry: LocalEntry): void {
    entry.mayBeMuted = true;
    this.#mute(entry, true);
    this.#options.onMutedByHost(entry.source);
  }

  #requestMute(entry: LocalEntry): void {
    const { request, retries } = this.#options;
    const { id: trackId } = entry;
    const send = () => {
      if (entry.closed) return undefined;
      const { muted } = entry;
      if (muted) entry.mayBeMuted = true;
      return request('mute', { trackId, muted }).then(() => {
        entry.mayBeMuted = muted;
      });
    };
    retries.send(`mute ${trackId}`, send, this.#onRefused);
  }

  #requestUnpublish(trackId: string): void {
    const { request, retries } = this.#options;
    retries.send(`unpublish ${trackId}`, () => request('unpublish', { trackId }), this.#onRefused);
  }

  /** A track that the server does not know yet is described by its publish. One that it forgot is no loss. */
  readonly #onRefused = (error: ParleyError) => {
    if (error.code !== 'unknown_track') this.#options.onProblem(error);
  };
}

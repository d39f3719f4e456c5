// What the server has to know of each track that is sent: its newest producer, asked for until it is answered.
import type { ParleyError } from '../../../../shared/errors.ts';
import type { RtpParameters } from '../../../../shared/media/rtp.ts';
import type { LocalEntry } from '../local-tracks.ts';
import type { MediaRequest } from '../media-request.ts';

/** How often a track is published, while the refusals are temporary. */
export const PUBLISH_ATTEMPTS = 4;
export const PUBLISH_RETRY_MS = 1_000;

/** A producer of a track. Another codec needs another one, of a higher take. */
export interface Published {
  readonly take: number;
  readonly rtpParameters: RtpParameters;
}

export interface PublicationsOptions {
  epoch: number;
  requestMedia: MediaRequest;
  /** The server refused a track. */
  onRefused(entry: LocalEntry, error: ParleyError): void;
  /** The server has a take above the first; or it knows none, or has refused it. */
  onTake(trackId: string, taken: boolean): void;
  /** The server has taken a track, or refused it. */
  onAnswer(): void;
}

export class Publications {
  readonly #options: PublicationsOptions;
  readonly #published = new Map<string, Published>();
  /** Tracks whose newest take is not answered yet. */
  readonly #unanswered = new Set<string>();

  constructor(options: PublicationsOptions) {
    this.#options = options;
  }

  /** Whether the server has answered for each track: until then nobody receives it on this media session. */
  get areAnswered(): boolean {
    return this.#unanswered.size === 0;
  }

  publish(entry: LocalEntry, published: Published): void {
    this.#published.set(entry.id, published);
    this.#unanswered.add(entry.id);
    this.#request(entry, published.take);
  }

  /** After a loss. @param known tracks that the server has, perhaps with an earlier take or on an earlier session */
  again(entries: readonly LocalEntry[], known: ReadonlySet<string>): void {
    for (const entry of entries) {
      if (known.has(entry.id) && !this.#unanswered.has(entry.id)) continue;
      this.#request(entry, this.#published.get(entry.id)?.take ?? 0);
    }
  }

  /** The take before goes on. */
  restore(trackId: string, published: Published): void {
    this.#published.set(trackId, published);
  }

  forget(trackId: string): void {
    this.#published.delete(trackId);
    this.#unanswered.delete(trackId);
  }

  #request(entry: LocalEntry, take: number, attempt = 1): void {
    const { epoch, requestMedia, onRefused } = this.#options;
    const { id: trackId, source } = entry;
    const kind = entry.track.kind === 'audio' ? 'audio' : 'video';
    requestMedia(
      'publish',
      trackId,
      () => {
        const published = this.#published.get(trackId);
        const { muted } = entry;
        // Unpublished before the browser had negotiated it: the server must not get it.
        if (published?.take !== take || entry.closed) return undefined;
        const { rtpParameters } = published;
        return {
          ...{ epoch, trackId, kind, source, muted, rtpParameters },
          ...(take > 0 && { take }),
        };
      },
      (refusal) => {
        // For example, a worker has just died: either another session comes, or a later attempt succeeds.
        if (refusal.retryable && attempt < PUBLISH_ATTEMPTS) {
          setTimeout(() => this.#request(entry, take, attempt + 1), PUBLISH_RETRY_MS);
        } else {
          this.#answered(trackId, take, false);
          if (take === 0) onRefused(entry, refusal);
        }
      },
      (answer) => this.#answered(trackId, take, answer.take === take),
    );
  }

  #answered(trackId: string, take: number, taken: boolean): void {
    if (this.#published.get(trackId)?.take !== take) return;
    this.#unanswered.delete(trackId);
    if (take > 0) this.#options.onTake(trackId, taken);
    this.#options.onAnswer();
  }
}

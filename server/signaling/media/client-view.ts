// What a client looks at, as it has said on the media session that it has: the next one begins with it. Otherwise each
// of hundreds who move at once would be sent all pictures for a moment, and each camera would have to send them.
import type { MediaView } from '../../cluster/messages/media.ts';

/** The oldest go first. A client says all of them again on its next media session, so this bounds only the beginning. */
export const MAX_KNOWN_PREFERENCES = 500;

export class ClientView {
  #preferences: Map<string, MediaView['preferences'][string]> | undefined;
  #others: MediaView['others'];

  /** Tracks that it does not name keep what was said of them. */
  look({ preferences, others = this.#others }: MediaView): void {
    this.#others = others;
    this.#preferences ??= new Map();
    for (const [trackId, preference] of Object.entries(preferences)) {
      this.#preferences.delete(trackId);
      this.#preferences.set(trackId, preference);
      const [oldest] = this.#preferences.keys();
      if (this.#preferences.size > MAX_KNOWN_PREFERENCES && oldest !== undefined) {
        this.#preferences.delete(oldest);
      }
    }
  }

  /** Undefined for a client that has said nothing. */
  get known(): MediaView | undefined {
    if (!this.#preferences) return undefined;
    const others = this.#others;
    return { preferences: Object.fromEntries(this.#preferences), ...(others && { others }) };
  }
}

// What is wanted of each remote track; changes are gathered, so that a resize is one message.
import { LIMITS } from '../../shared/limits.ts';
import type { Preference } from '../../shared/protocol.ts';

/** Longer than a layout pass, shorter than anybody notices. */
const GATHER_MS = 50;

export class Preferences {
  readonly #send: (preferences: Record<string, Preference>) => void;
  readonly #wanted = new Map<string, Preference>();
  readonly #changed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(send: (preferences: Record<string, Preference>) => void) {
    this.#send = send;
  }

  set(trackId: string, preference: Preference): void {
    if (same(this.#wanted.get(trackId), preference)) return;
    this.#wanted.set(trackId, preference);
    this.#changed.add(trackId);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  /** The other side may know none of them. */
  resend(): void {
    for (const trackId of this.#wanted.keys()) this.#changed.add(trackId);
    if (this.#changed.size > 0) this.#flush();
  }

  /** Tracks that are gone are not wanted any more. */
  prune(isPresent: (trackId: string) => boolean): void {
    for (const trackId of this.#wanted.keys()) {
      if (!isPresent(trackId)) this.#wanted.delete(trackId);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #flush(): void {
    this.close();
    const changed = [...this.#changed].flatMap((trackId): [string, Preference][] => {
      const preference = this.#wanted.get(trackId);
      return preference ? [[trackId, preference]] : [];
    });
    this.#changed.clear();
    for (let at = 0; at < changed.length; at += LIMITS.tracksPerMessage) {
      this.#send(Object.fromEntries(changed.slice(at, at + LIMITS.tracksPerMessage)));
    }
  }
}

function same(a: Preference | undefined, b: Preference): boolean {
  return (
    a !== undefined &&
    (a.paused ?? false) === (b.paused ?? false) &&
    a.spatialLayer === b.spatialLayer &&
    a.temporalLayer === b.temporalLayer
  );
}

// Decides when the media sessions before the newest one can close: the end of make before break.

/** After all tracks are shown from the newest session: others still have to switch to our tracks on it. */
export const OVERLAP_MS = 2_000;
/** A session without a path is kept this long while the newer one does not become ready. */
const LIMIT_MS = 10_000;

export interface HandoverFacts {
  /** A track of the room is still shown from an older session. */
  isShownFromOlder: boolean;
  /** The server has our tracks on the newest session, sent as well as on the older one, or there are none. */
  isSending: boolean;
  /** Every older session has lost a path, so others no longer receive us there. */
  isOlderBroken: boolean;
}

/** @returns how long the older sessions are kept from now on, in milliseconds; undefined: not known yet */
export function overlapOf(facts: HandoverFacts): number | undefined {
  if (facts.isShownFromOlder) return undefined;
  if (facts.isOlderBroken) return 0;
  return facts.isSending ? OVERLAP_MS : undefined;
}

export interface HandoverOptions<S> {
  /** The older sessions are no longer needed. */
  onComplete(): void;
  /** This session has had no path for long enough. */
  onLimit(session: S): void;
}

export class Handover<S> {
  readonly #options: HandoverOptions<S>;
  readonly #limits = new Map<S, ReturnType<typeof setTimeout>>();
  #overlap: { timer: ReturnType<typeof setTimeout>; durationMs: number } | undefined;

  constructor(options: HandoverOptions<S>) {
    this.#options = options;
  }

  /** A newer session was adopted: this one closes when the newer one has taken over. */
  supersede(): void {
    // The session that was about to end may be the only one that carries now.
    this.#cancelOverlap();
  }

  /** Whether an older session has a path. While it has, the server sets the limit, not we. */
  carries(session: S, isCarrying: boolean): void {
    if (isCarrying) this.forget(session);
    if (isCarrying || this.#limits.has(session)) return;
    const limit = setTimeout(() => {
      this.#limits.delete(session);
      this.#options.onLimit(session);
    }, LIMIT_MS);
    this.#limits.set(session, limit);
  }

  /** Something changed. */
  review(facts: HandoverFacts): void {
    const durationMs = overlapOf(facts);
    if (durationMs === this.#overlap?.durationMs) return;
    this.#cancelOverlap();
    if (durationMs === undefined) return;
    const timer = setTimeout(() => {
      this.#overlap = undefined;
      this.#options.onComplete();
    }, durationMs);
    this.#overlap = { timer, durationMs };
  }

  /** The session is gone. */
  forget(session: S): void {
    clearTimeout(this.#limits.get(session));
    this.#limits.delete(session);
  }

  /** Idempotent. */
  close(): void {
    this.#cancelOverlap();
    for (const limit of this.#limits.values()) clearTimeout(limit);
    this.#limits.clear();
  }

  #cancelOverlap(): void {
    clearTimeout(this.#overlap?.timer);
    this.#overlap = undefined;
  }
}

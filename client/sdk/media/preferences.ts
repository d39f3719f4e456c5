// The preferences for each remote track. Changes are collected, so that a resize is one message.
import { type ErrorCode, ParleyError } from '../../../shared/errors.ts';
import { LIMITS } from '../../../shared/protocol/limits.ts';
import type { Preference } from '../../../shared/protocol/media-messages.ts';
import type { MethodParams } from '../../../shared/protocol/protocol.ts';
import { retryDelay } from '../link/backoff.ts';

/** Refusals that say nothing of the preferences themselves. */
const FOR_THE_MOMENT: ReadonlySet<ErrorCode> = new Set(['unavailable', 'timeout', 'rate_limited']);
/** Longer than a layout pass, too short to notice. */
const GATHER_MS = 50;

export class Preferences {
  readonly #send: (view: MethodParams<'subscribe'>) => Promise<unknown>;
  readonly #onProblem: (error: ParleyError) => void;
  readonly #wanted = new Map<string, Preference>();
  readonly #changed = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Refusals by the server in a row. */
  #failures = 0;
  #others: MethodParams<'subscribe'>['others'];
  /** The server does not know it yet. */
  #othersAreNews = false;
  #closed = false;

  constructor(
    send: (view: MethodParams<'subscribe'>) => Promise<unknown>,
    onProblem: (error: ParleyError) => void,
  ) {
    this.#send = send;
    this.#onProblem = onProblem;
  }

  /** Whether we paused it. */
  isPaused(trackId: string): boolean {
    return this.#wanted.get(trackId)?.paused ?? false;
  }

  set(trackId: string, preference: Preference): void {
    if (same(this.#wanted.get(trackId), preference)) return;
    this.#wanted.set(trackId, preference);
    this.#changed.add(trackId);
    if (this.#failures > 0) this.#cancel();
    this.#flushAfter(GATHER_MS);
  }

  /** Pictures of a large room that were never named are not received from now on. */
  hideOthers(): void {
    if (this.#others === 'hidden') return;
    this.#others = 'hidden';
    this.#othersAreNews = true;
    this.#flushAfter(GATHER_MS);
  }

  /** The server may have lost all of them. */
  resend(): void {
    for (const trackId of this.#wanted.keys()) this.#changed.add(trackId);
    this.#othersAreNews = this.#others !== undefined;
    this.#flush();
  }

  /** Forgets tracks that are gone. */
  prune(isPresent: (trackId: string) => boolean): void {
    for (const trackId of this.#wanted.keys()) {
      if (!isPresent(trackId)) this.#wanted.delete(trackId);
    }
  }

  /** Sends nothing after this. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #cancel(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #flushAfter(delayMs: number): void {
    if (!this.#closed) this.#timer ??= setTimeout(() => this.#flush(), delayMs);
  }

  #flush(): void {
    this.#cancel();
    const changed = [...this.#changed].flatMap((trackId): [string, Preference][] => {
      const preference = this.#wanted.get(trackId);
      return preference ? [[trackId, preference]] : [];
    });
    this.#changed.clear();
    for (let start = 0; start < changed.length; start += LIMITS.tracksPerMessage) {
      this.#sendBatch(changed.slice(start, start + LIMITS.tracksPerMessage));
    }
    if (this.#othersAreNews) this.#sendBatch([]);
  }

  #sendBatch(preferences: readonly [string, Preference][]): void {
    const others = this.#othersAreNews ? this.#others : undefined;
    this.#othersAreNews = false;
    const view = { preferences: Object.fromEntries(preferences), ...(others && { others }) };
    this.#send(view).then(
      () => {
        this.#failures = 0;
      },
      (cause) => {
        const error = ParleyError.from(cause);
        if (!FOR_THE_MOMENT.has(error.code)) return this.#onProblem(error);
        // Otherwise a picture stays small, or is not received at all, until something else changes. Sends the preferences
        // of that moment, which may have changed again.
        for (const [trackId] of preferences) this.#changed.add(trackId);
        this.#othersAreNews ||= others !== undefined;
        this.#flushAfter(retryDelay(this.#failures++, error.retryAfterMs, Math.random()));
      },
    );
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

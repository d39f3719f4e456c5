// The guard that a session commits with, and the claim of this replica that may be raising it.
import type { SessionGuard } from '../../cluster/cluster.ts';

export class SessionFence {
  readonly #onSkipped: () => void;
  #guard: SessionGuard;
  #claim: Promise<void> | undefined;

  /** @param onSkipped a claim of another replica came in between */
  constructor(guard: SessionGuard, onSkipped: () => void) {
    this.#guard = guard;
    this.#onSkipped = onSkipped;
  }

  get guard(): SessionGuard {
    return this.#guard;
  }

  /** A claim of this replica is under way: what the store says of the present guard may be old news. */
  get isClaiming(): boolean {
    return this.#claim !== undefined;
  }

  raise(guard: SessionGuard): void {
    if (guard.fence > this.#guard.fence + 1) this.#onSkipped();
    this.#guard = guard;
  }

  /** A resume at this replica claims the session: the guard is the new one as soon as that is known. */
  raiseWhen(claimed: Promise<SessionGuard>): void {
    const claim = claimed
      .then(
        (guard) => this.raise(guard),
        () => {},
      )
      .finally(() => {
        if (this.#claim === claim) this.#claim = undefined;
      });
    this.#claim = claim;
  }

  /** Waits for a claim that is under way. @returns whether this guard still is the newest */
  async isNewest(guard: SessionGuard): Promise<boolean> {
    await this.#claim;
    return this.#guard === guard;
  }
}

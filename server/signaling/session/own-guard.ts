// The guard of a session at this replica. A claim of this replica raises its fence.
import type { SessionGuard } from '../../cluster/cluster.ts';

type GuardState =
  | { readonly name: 'settled'; readonly guard: SessionGuard }
  /** The fence in the store may be higher already than that of the guard. */
  | { readonly name: 'claiming'; readonly guard: SessionGuard; readonly claim: Promise<void> };

export class OwnGuard {
  #state: GuardState;
  readonly #onSkippedFence: () => void;

  /** @param onSkippedFence called when another replica had the session between two guards of this one */
  constructor(guard: SessionGuard, onSkippedFence: () => void) {
    this.#state = { name: 'settled', guard };
    this.#onSkippedFence = onSkippedFence;
  }

  get current(): SessionGuard {
    return this.#state.guard;
  }

  get isClaiming(): boolean {
    return this.#state.name === 'claiming';
  }

  /** The claim that is under way has succeeded or failed. Resolves at once without one. */
  async settled(): Promise<void> {
    if (this.#state.name === 'claiming') await this.#state.claim;
  }

  /** A claim of this replica has raised the fence. */
  set(guard: SessionGuard): void {
    if (guard.fence > this.current.fence + 1) this.#onSkippedFence();
    this.#state = { ...this.#state, guard };
  }

  /** The guard is the new one as soon as the claim has succeeded. */
  follow(claimed: Promise<SessionGuard>): void {
    const claim = claimed
      .then(
        (guard) => this.set(guard),
        () => {},
      )
      .finally(() => {
        // A later claim may be under way.
        const isLatest = this.#state.name === 'claiming' && this.#state.claim === claim;
        if (isLatest) this.#state = { name: 'settled', guard: this.current };
      });
    this.#state = { name: 'claiming', guard: this.current, claim };
  }
}

// How many media sessions may leave a draining node by now. Pure.

/**
 * A node is left evenly within this time, or sooner: each move costs its client a second media session for a moment,
 * and the nodes the consumers of whatever it receives. Well below DRAIN_GRACE_SECONDS and what platforms give a process
 * to end, of which the last handovers need some seconds.
 */
const SPREAD_MS = 20_000;
/** The share of the grace of a drain that the moves may take. */
const SHARE_OF_GRACE = 0.25;
/** With few sessions there, so many leave in a second, over all replicas: small rooms move at once. */
const LEAST_A_SECOND = 10;

interface Drain {
  readonly since: number;
  /** The sessions of this replica when it began, and those that came since. */
  sessions: number;
  readonly takesMs: number;
}

export class DrainPace {
  readonly #mostMs: number;
  readonly #drains = new Map<string, Drain>();

  constructor(drainGraceMs: number) {
    this.#mostMs = Math.min(SPREAD_MS, drainGraceMs * SHARE_OF_GRACE);
  }

  /**
   * @param own sessions of this replica that are still there
   * @param all sessions of all replicas there
   * @param now milliseconds of any clock that does not run backwards
   * @param lookMs until the next look
   * @returns how many of them may leave now
   */
  allowed(nodeId: string, own: number, all: number, now: number, lookMs: number): number {
    const takesMs = Math.min(this.#mostMs, (Math.max(own, all) / LEAST_A_SECOND) * 1_000);
    const drain = this.#drains.get(nodeId) ?? { since: now, sessions: own, takesMs };
    this.#drains.set(nodeId, drain);
    drain.sessions = Math.max(drain.sessions, own);
    const left = drain.sessions - own;
    const elapsedMs = now - drain.since + lookMs;
    if (elapsedMs >= drain.takesMs) return own;
    return Math.max(0, Math.ceil((drain.sessions * elapsedMs) / drain.takesMs) - left);
  }

  /** Forgets nodes that do not drain any more. */
  keep(draining: ReadonlySet<string>): void {
    for (const nodeId of this.#drains.keys())
      if (!draining.has(nodeId)) this.#drains.delete(nodeId);
  }
}

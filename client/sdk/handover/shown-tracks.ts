// The consumer from which each track is shown while there are several: make before break. Pure.

/** One consumer of a track. */
export interface Candidate {
  readonly trackId: string;
  /** Its media has arrived, or none is to be expected. */
  readonly isLive: boolean;
}

/**
 * Chooses for each track the newest consumer that is live. The one on screen counts as live, so that nothing
 * worse replaces it. Without one on screen the newest is chosen, live or not.
 *
 * @param candidates oldest first
 * @param before the choice until now, by track id
 */
export function chooseShown<C extends Candidate>(
  candidates: readonly C[],
  before: ReadonlyMap<string, C>,
): Map<string, C> {
  const shown = new Map<string, C>();
  for (const [trackId, rivals] of Map.groupBy(candidates, (candidate) => candidate.trackId)) {
    const chosen =
      rivals.findLast((rival) => rival.isLive || rival === before.get(trackId)) ?? rivals.at(-1);
    if (chosen) shown.set(trackId, chosen);
  }
  return shown;
}

/**
 * The consumers newer than the one on screen. They replace it when they are live.
 *
 * @param candidates oldest first
 */
export function pendingOf<C extends Candidate>(
  candidates: readonly C[],
  shown: ReadonlyMap<string, C>,
): Set<C> {
  const pending = new Set<C>();
  const passed = new Set<string>();
  for (const candidate of candidates) {
    if (shown.get(candidate.trackId) === candidate) passed.add(candidate.trackId);
    else if (passed.has(candidate.trackId)) pending.add(candidate);
  }
  return pending;
}

// From where each track is shown while more than one consumer brings it: make before break. Pure.

/** One consumer of a track. */
export interface Candidate {
  readonly trackId: string;
  /** Its media has arrived, or nothing is to be waited for. */
  readonly isLive: boolean;
}

/**
 * The newest consumer of each track that is live. What is shown already counts as live, so that
 * nothing worse takes its place; where nothing is shown the newest is, live or not.
 *
 * @param candidates oldest first
 * @param before what was shown until now, by track id
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
 * Those that are newer than what is shown: they take over when they are live.
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

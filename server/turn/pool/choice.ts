// Chooses the TURN servers of a session: a pure function of region, health, load and weight, prepared once for
// each state of the pool. Another one can replace it: see TurnChooser.

/** A server of the pool, as far as a choice depends on it. */
export interface TurnCandidate {
  readonly id: string;
  /** Hosts of its usable addresses. Two servers on one host fall together. */
  readonly hosts: readonly string[];
  readonly region: string | null;
  readonly weight: number;
  /** `failed` ones are given where there is no other: they may work again. */
  readonly state: 'ok' | 'unknown' | 'failed';
  /** Allocations: its own count, or an estimate from the sessions with its credentials. */
  readonly load: number;
  /** It takes no new allocations, or will soon stop. */
  readonly full: boolean;
  /** The server gets no new sessions, but keeps those it has. */
  readonly draining: boolean;
}

export interface TurnWish {
  /** How many servers. */
  readonly count: number;
  /** Anything that differs from session to session; the same one gets the same servers. */
  readonly seed: string;
  /** The servers of the session so far. Those that still work are kept. */
  readonly current: readonly string[];
}

/**
 * Prepares a choice among these candidates for sessions of one region.
 * @returns ids of at most `count` servers on different hosts, the best first
 */
export type TurnChooser = (
  candidates: readonly TurnCandidate[],
  region: string | null,
) => (wish: TurnWish) => string[];

/** Random picks for another host before all are looked through. */
const PICKS = 8;

/** Candidates of one rank, and the sums of their weights up to each. */
interface Tier {
  readonly members: readonly TurnCandidate[];
  readonly sums: Float64Array;
}

export const chooseByWeight: TurnChooser = (candidates, region) => {
  const open = candidates.filter(({ draining }) => !draining);
  const tiers = [...Map.groupBy(open, (candidate) => rankOf(candidate, region))]
    .sort(([a], [b]) => a - b)
    .map(([, members]) => tierOf(members));
  const wanted = new Map(candidates.map((candidate) => [candidate.id, candidate]));
  return ({ count, seed, current }) => {
    const random = randomFrom(seed);
    const chosen: TurnCandidate[] = [];
    for (const id of current) {
      const kept = wanted.get(id);
      if (kept && kept.state !== 'failed' && chosen.length < count && isApart(kept, chosen)) {
        chosen.push(kept);
      }
    }
    for (const tier of tiers) {
      while (chosen.length < count) {
        const next = pick(tier, chosen, random);
        if (!next) break;
        chosen.push(next);
      }
    }
    return trimmed(chosen).map(({ id }) => id);
  };
};

/** The lower, the better. */
function rankOf({ state, full, region: own }: TurnCandidate, region: string | null): number {
  const isFar = region !== null && own !== null && own !== region;
  return (
    (state === 'failed' ? 8 : 0) + (full ? 4 : 0) + (state === 'unknown' ? 2 : 0) + (isFar ? 1 : 0)
  );
}

/** Failed servers are given alone, not beside ones that work: each costs the browser time. */
function trimmed(chosen: readonly TurnCandidate[]): readonly TurnCandidate[] {
  const good = chosen.filter(({ state }) => state !== 'failed');
  return good.length > 0 ? good : chosen;
}

function tierOf(members: readonly TurnCandidate[]): Tier {
  const sums = new Float64Array(members.length);
  let sum = 0;
  for (const [n, { weight }] of members.entries()) {
    sum += weight;
    sums[n] = sum;
  }
  return { members, sums };
}

/** Draws two servers by weight and takes the one with less load for its weight: chance alone is uneven. */
function pick(
  tier: Tier,
  chosen: readonly TurnCandidate[],
  random: () => number,
): TurnCandidate | undefined {
  let best: TurnCandidate | undefined;
  for (let n = 0, found = 0; n < PICKS && found < 2; n++) {
    const candidate = memberAt(tier, random());
    if (!candidate || !isApart(candidate, chosen)) continue;
    found += 1;
    if (!best || candidate.load / candidate.weight < best.load / best.weight) best = candidate;
  }
  return best ?? tier.members.find((candidate) => isApart(candidate, chosen));
}

/** @param point from 0 to 1, spread over the weights */
function memberAt({ members, sums }: Tier, point: number): TurnCandidate | undefined {
  const target = point * (sums.at(-1) ?? 0);
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sums[middle] ?? 0) > target) high = middle;
    else low = middle + 1;
  }
  return members[low];
}

function isApart(candidate: TurnCandidate, chosen: readonly TurnCandidate[]): boolean {
  return chosen.every(
    ({ id, hosts }) => id !== candidate.id && !hosts.some((host) => candidate.hosts.includes(host)),
  );
}

/** The same numbers from 0 to 1 for the same text: FNV-1a, then mulberry32. */
function randomFrom(seed: string): () => number {
  let state = 0x811c9dc5;
  for (let n = 0; n < seed.length; n++) state = Math.imul(state ^ seed.charCodeAt(n), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

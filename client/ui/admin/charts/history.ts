// The samples of the last hour as the series of curves, of all servers or of one. Pure.
import type { TurnSample } from '../../../../shared/api/admin.ts';
import { relayedShare } from '../admin-words.ts';
import { type Point, WINDOW_MS } from './curve.ts';

export type PathKind = keyof TurnSample['paths'];
type ServerSample = TurnSample['servers'][string];

export function pathPoints(history: readonly TurnSample[], kind: PathKind): Point[] {
  return history.map(({ at, paths }) => ({ at, value: paths[kind] }));
}

export function relayedPoints(history: readonly TurnSample[]): Point[] {
  return history.map(({ at, paths }) => ({ at, value: relayedShare(paths) }));
}

/** @param serverId undefined: the sum of all; null where no value is known */
export function serverPoints(
  history: readonly TurnSample[],
  serverId: string | undefined,
  pick: (server: ServerSample) => number | null,
): Point[] {
  return history.map(({ at, servers }) => {
    const known = Object.entries(servers)
      .filter(([id]) => serverId === undefined || id === serverId)
      .map(([, server]) => pick(server))
      .filter((value) => value !== null);
    return { at, value: known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null };
  });
}

/** The samples to show. Older ones may be kept, from before the page stood still. */
export function recent(history: readonly TurnSample[], end: number): TurnSample[] {
  return history.filter(({ at }) => at >= end - WINDOW_MS);
}

/** The servers that have curves, by name. In a large pool: the busiest, and the sum of the others. */
export function serversIn(history: readonly TurnSample[]): string[] {
  const ids = new Set(history.flatMap(({ servers }) => Object.keys(servers)));
  return [...ids].sort((a, b) => a.localeCompare(b));
}

/** The moment that the curves end with: now, or the newest sample where the clocks differ. */
export function endOf(history: readonly TurnSample[], now: number): number {
  return Math.max(now, history.at(-1)?.at ?? 0);
}

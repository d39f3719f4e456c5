// The samples of the last hour as the series of curves, of all servers or of one. Pure.
import type { TurnSample } from '../../../shared/admin.ts';
import { relayedShare } from './admin-words.ts';
import type { Point } from './curve.ts';

export type PathKind = keyof TurnSample['paths'];
type ServerSample = TurnSample['servers'][string];

export function pathPoints(history: readonly TurnSample[], kind: PathKind): Point[] {
  return history.map(({ at, paths }) => ({ at, value: paths[kind] }));
}

export function relayedPoints(history: readonly TurnSample[]): Point[] {
  return history.map(({ at, paths }) => ({ at, value: relayedShare(paths) }));
}

/** @param serverId undefined: the sum of all; null where none of them is known */
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

/** The moment that the curves end with: now, or the newest sample where the clocks differ. */
export function endOf(history: readonly TurnSample[], now: number): number {
  return Math.max(now, history.at(-1)?.at ?? 0);
}

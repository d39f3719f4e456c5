// Results of network checks, for tests of what is said about them.
import assert from 'node:assert/strict';
import type { NetworkState, PathFailure, PathResult } from '../../../client/sdk/check/types.ts';
import type { Line } from '../../../client/ui/check/line.ts';
import { networkLines } from '../../../client/ui/check/words.ts';

export const TURN = 'turn:relay.example.org:3478?transport=udp';
export const GOOD = { roundTripMs: 24, jitterMs: 2, lost: 0 };

export function path(kind: PathResult['kind'], change: Partial<PathResult> = {}): PathResult {
  return {
    id: change.url ?? kind,
    kind,
    url: kind === 'relay' ? TURN : null,
    addresses: ['203.0.113.5 port 40000'],
    state: 'works',
    failure: null,
    connectMs: 80,
    quality: GOOD,
    local: null,
    remote: null,
    gathered: ['host udp'],
    refusals: [],
    ...change,
  };
}

export function failed(kind: PathResult['kind'], failure: PathFailure, code?: number): PathResult {
  const refusals = code === undefined ? [] : [{ code, text: 'Why' }];
  const unknown = { connectMs: null, quality: null, gathered: [] };
  return path(kind, { state: 'fails', failure, refusals, ...unknown });
}

export function found(
  results: readonly PathResult[],
  change: Partial<NetworkState> = {},
): NetworkState {
  return {
    done: true,
    socket: { state: 'works', openMs: 40, roundTripMs: 12 },
    paths: { state: 'given' },
    results,
    speed: { state: 'measured', bitsPerSecond: 4_200_000, capped: false, pathId: 'udp' },
    ...change,
  };
}

export function plain(text: string): string {
  return text.replaceAll('\u00a0', ' ');
}

export function lineOf(network: NetworkState, id: string): Line {
  const line = networkLines(network, 'call.example').find((one) => one.id === id);
  assert.ok(line, `no line ${id}`);
  return line;
}

export const udpBlocked = failed('udp', 'blocked');
export const tcpBlocked = failed('tcp', 'blocked');

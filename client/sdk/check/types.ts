// The results of a network check, step by step. Plain data, so that any program can put them into words.
import type { ErrorCode } from '../../../shared/errors.ts';

/** One end of a path, as the browser names it. */
export interface CheckCandidate {
  /** `host`, `srflx`, `prflx` or `relay`. */
  readonly type: string;
  readonly protocol: string;
  /** Empty where the browser hides it. */
  readonly address: string;
  readonly port: number;
}

/** The error of a TURN server, or of the way to it, as the browser reports it. */
export interface RelayRefusal {
  /** A STUN error code, or 701: no answer. */
  readonly code: number;
  readonly text: string;
}

export type PathFailure =
  /** The network lets nothing through to the server. */
  | 'blocked'
  /** Packets arrive, but the encrypted connection over them does not open. */
  | 'handshake'
  /** The TURN server refused. */
  | 'relay-refused'
  /** The TURN server did not answer. */
  | 'relay-silent'
  /** The TURN server gave an address, but the media server cannot be reached from it. */
  | 'relay-cut'
  /** The server or the browser could not use it. */
  | 'not-tried';

/** Milliseconds, and a share from 0 to 1. */
export interface PathQuality {
  readonly roundTripMs: number;
  /** Mean difference of one round trip to the next. */
  readonly jitterMs: number;
  readonly lost: number;
}

export interface PathResult {
  readonly id: string;
  readonly kind: 'udp' | 'tcp' | 'relay';
  /** The TURN server's; null for a direct path. */
  readonly url: string | null;
  /** Addresses of the media server, as `address port 40000`. */
  readonly addresses: readonly string[];
  readonly state: 'running' | 'works' | 'fails';
  readonly failure: PathFailure | null;
  /** From the start to an open data channel. */
  readonly connectMs: number | null;
  readonly quality: PathQuality | null;
  readonly local: CheckCandidate | null;
  readonly remote: CheckCandidate | null;
  /** The browser's own candidates, such as `host udp`. */
  readonly gathered: readonly string[];
  readonly refusals: readonly RelayRefusal[];
}

export type SocketResult =
  | { readonly state: 'running' }
  | { readonly state: 'works'; readonly openMs: number; readonly roundTripMs: number }
  | { readonly state: 'fails'; readonly code: ErrorCode };

/** Whether the server let us try its paths. */
export type PathsResult =
  | { readonly state: 'waiting' }
  | { readonly state: 'given' }
  | { readonly state: 'refused'; readonly code: ErrorCode; readonly message: string };

export type SpeedResult =
  | { readonly state: 'waiting' }
  | { readonly state: 'running' }
  /** No path connected, so nothing can be measured. */
  | { readonly state: 'none' }
  | {
      readonly state: 'measured';
      /** Both ways at once. */
      readonly bitsPerSecond: number;
      /** No more was sent: the line may be faster. */
      readonly capped: boolean;
      /** The path it was measured on. */
      readonly pathId: string;
    };

export interface NetworkState {
  readonly done: boolean;
  readonly socket: SocketResult;
  readonly paths: PathsResult;
  readonly results: readonly PathResult[];
  readonly speed: SpeedResult;
}

export const NETWORK_NOT_CHECKED: NetworkState = {
  done: false,
  socket: { state: 'running' },
  paths: { state: 'waiting' },
  results: [],
  speed: { state: 'waiting' },
};

/** The path that a call would take: direct before relayed, UDP before TCP, then the fastest. */
export function bestPath(results: readonly PathResult[]): PathResult | undefined {
  const order = ['udp', 'tcp', 'relay'];
  const delay = ({ quality }: PathResult) => quality?.roundTripMs ?? Number.POSITIVE_INFINITY;
  return results
    .filter(({ state }) => state === 'works')
    .toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || delay(a) - delay(b))[0];
}

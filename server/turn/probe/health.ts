// The health of one address of a TURN server, from a series of probes. Pure.

export interface UrlHealth {
  /** `unknown`: not probed yet, or not surely failed. */
  readonly state: 'ok' | 'failed' | 'unknown';
  /** Probes that failed in a row, up to now. */
  readonly failures: number;
  /** Since when every probe of a failed one succeeded, in milliseconds of any clock; null: not now. */
  readonly wellSince: number | null;
  /** The server answers, but takes no new allocations. */
  readonly full: boolean;
  /** Why the last probe that failed did, or met a quota. */
  readonly message: string | null;
  /** Round trip of the last probe that succeeded, in milliseconds. */
  readonly roundTripMs: number | null;
}

export type ProbeOutcome =
  | { ok: true; roundTripMs: number }
  /** `full`: a quota is used up. Existing allocations go on. */
  | { ok: false; message: string; full: boolean };

/** A single lost packet is no outage. The second try follows at once. */
const FAILURES_TO_FAIL = 2;

export const NEVER_PROBED: UrlHealth = {
  state: 'unknown',
  failures: 0,
  wellSince: null,
  full: false,
  message: null,
  roundTripMs: null,
};

/**
 * @param now milliseconds, of the clock that `wellSince` is in
 * @param recoveryMs how long a failed address has to be well before it is used again
 */
export function healthAfter(
  before: UrlHealth,
  outcome: ProbeOutcome,
  now: number,
  recoveryMs: number,
): UrlHealth {
  if (!outcome.ok && outcome.full) {
    const state = before.state === 'failed' ? 'failed' : 'ok';
    return { ...before, state, failures: 0, full: true, message: outcome.message };
  }
  if (!outcome.ok) {
    const failures = before.failures + 1;
    return {
      state: failures >= FAILURES_TO_FAIL ? 'failed' : before.state,
      failures,
      wellSince: null,
      full: false,
      message: outcome.message,
      roundTripMs: before.roundTripMs,
    };
  }
  const { roundTripMs } = outcome;
  const wellSince = before.wellSince ?? now;
  if (before.state === 'failed' && now - wellSince < recoveryMs) {
    return { ...before, failures: 0, full: false, wellSince, roundTripMs };
  }
  return { ...NEVER_PROBED, state: 'ok', roundTripMs };
}

/** A first failure: another try should follow soon. */
export function isDoubtful({ state, failures }: UrlHealth): boolean {
  return failures > 0 && state !== 'failed';
}

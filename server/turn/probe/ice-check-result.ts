// The result of one ICE check: a round trip, or why there is none.
import type { TransportAddress } from '../client/stun-message-address.ts';

export type CheckResult =
  | { ok: true; roundTripMs: number; mapped: TransportAddress; local: TransportAddress | undefined }
  | {
      ok: false;
      /** `wrong_answer`: something else than the agent with this password answers there. */
      failure: 'no_answer' | 'wrong_answer' | 'refused_connection' | 'unresolvable';
      message: string;
    };

// How long a session lives in the store without being renewed: its client may come back until then.
import type { Config } from '../../config/config.ts';

/** A replica that was killed had no time to say so: its sessions are given up this much later. */
export function sessionLeaseMs({ timing }: Pick<Config, 'timing'>): number {
  return timing.gracePeriodMs + timing.leaseMarginMs;
}

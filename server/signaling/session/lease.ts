// How long a session lives in the store without being renewed: its client may come back until then.
import type { Config } from '../../config/config.ts';

/** A killed replica has released nothing: its clients get a margin after the grace period to come back. */
export function sessionLeaseMs({ timing }: Pick<Config, 'timing'>): number {
  return timing.gracePeriodMs + timing.leaseMarginMs;
}

// The kinds of jobs that this release does: the one place to add another.
import type { Cluster } from '../cluster/cluster.ts';
import type { Config } from '../config/config.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Resources } from '../telemetry/resources.ts';
import type { JobKind } from './kind.ts';

/** What the kinds may use. It outlives their jobs. */
export interface JobKindsContext {
  readonly config: Config;
  readonly cluster: Cluster;
  readonly resources: Resources;
  readonly log: Logger;
}

export type JobKinds = Readonly<Record<string, JobKind>>;

/** By the names that jobs in the store have: these stay, as jobs of former releases may wait. */
export function jobKinds(_context: JobKindsContext): JobKinds {
  return {};
}

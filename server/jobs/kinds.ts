// The kinds of jobs that this release does: the one place to add another.
import type { Cluster } from '../cluster/cluster.ts';
import type { Config } from '../config/config.ts';
import { FILM_JOB } from '../recording/catalog/film-job.ts';
import { filmKind } from '../recording/rendering/film-kind.ts';
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
export function jobKinds(context: JobKindsContext): JobKinds {
  const film = filmKind(context);
  return { ...(film && { [FILM_JOB]: film as JobKind }) };
}

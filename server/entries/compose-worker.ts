// Puts `worker` together, and what does jobs in whatever process; apart from config and signals.
import type { Cluster } from '../cluster/cluster.ts';
import type { Config } from '../config/config.ts';
import { type JobKinds, type JobKindsContext, jobKinds } from '../jobs/kinds.ts';
import { JobRunner } from '../jobs/runner.ts';
import type { Logger } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { serveHealth, shown } from '../telemetry/probes.ts';
import { Resources } from '../telemetry/resources.ts';
import {
  Closers,
  metricsNote,
  type Replica,
  type ReplicaOptions,
  startMetrics,
} from './compose-parts.ts';
import { watchWantedFilms } from './compose-recording.ts';

/** Jobs are handed back in this part of the time that a close may take: the rest has to be closed too. */
const HAND_BACK_SHARE = 0.8;

/**
 * @param kinds what it does; without it what this release can do
 * @throws when a port cannot be opened. Parts that were open are closed again
 */
export async function startWorker({
  config,
  log,
  cluster,
  kinds,
}: ReplicaOptions & { kinds?: (context: JobKindsContext) => JobKinds }): Promise<Replica> {
  const resources = new Resources();
  const metrics = createMetrics(resources);
  const closers = new Closers();
  closers.add(() => cluster.close());
  try {
    const metricsServer = await startMetrics(metrics, config);
    closers.add(async () => metricsServer?.close());
    const health = await serveHealth(config.http, () => cluster.connected);
    closers.add(() => health.close());
    const jobs = startJobs({ config, cluster, resources, metrics, log }, kinds);
    closers.add(() => closeJobs(jobs, config));
    watchWantedFilms({ config, cluster, resources, log }, closers);
    return {
      summary: `worker: ${config.jobs.atOnce} at once, health http://${shown(health.address)}/healthz${metricsNote(metricsServer)}`,
      port: health.address.port,
      resources,
      close: () => closers.close(),
    };
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/** Does jobs from now on, until it is closed. */
export function startJobs(
  parts: { config: Config; cluster: Cluster; resources: Resources; metrics: Metrics; log: Logger },
  kindsOf: (context: JobKindsContext) => JobKinds = jobKinds,
): JobRunner {
  const { config, cluster, ...rest } = parts;
  const { atOnce, leaseMs } = config.jobs;
  const kinds = kindsOf({ config, cluster, resources: rest.resources, log: rest.log });
  return new JobRunner({ ...rest, store: cluster.jobs, kinds, concurrency: atOnce, leaseMs });
}

export function closeJobs(runner: JobRunner, { timing }: Config): Promise<void> {
  return runner.close(timing.shutdownMs * HAND_BACK_SHARE);
}

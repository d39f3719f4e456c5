// Shared by the compositions: closing in order, and the options of a media node.
import { networkInterfaces } from 'node:os';
import type { Cluster } from '../cluster/cluster.ts';
import type { JobLimits } from '../cluster/jobs.ts';
import type { Config } from '../config/config.ts';
import { type JobKinds, type JobKindsContext, jobKinds } from '../jobs/kinds.ts';
import { JobRunner } from '../jobs/runner.ts';
import {
  announcedAddresses,
  listenAddresses,
  listenInfos,
  replicaHostname,
  withReceiveBuffer,
} from '../sfu/workers/addresses.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Resources } from '../telemetry/resources.ts';
import { configuredTurn } from '../turn/pool/environment.ts';

const DAY_MS = 24 * 3_600_000;

/** Closes in the opposite order of opening, once: users close before what they use. */
export class Closers {
  readonly #closers: Array<() => Promise<unknown>> = [];

  add(closer: () => Promise<unknown>): void {
    this.#closers.push(closer);
  }

  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (const closer of this.#closers.splice(0).reverse()) {
      // What is below it is closed all the same.
      await closer().catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

/**
 * A media node's addresses to listen on and to announce, and its other options.
 * @throws TurnConfigError
 */
export function mediaNodeOf(config: Config) {
  const listen = listenAddresses(config.media, networkInterfaces());
  const announced = announcedAddresses(config);
  const configured = configuredTurn(config);
  return {
    listen,
    announced,
    configured,
    options: {
      media: config.media,
      interest: config.interest,
      limits: config.limits,
      turn: { configured, settings: config.turn },
      region: config.cluster.region,
      hostname: replicaHostname(config.platform),
      announced,
      drainGraceMs: config.cluster.drainGraceSeconds * 1_000,
      orphanGraceMs: config.cluster.orphanGraceMs,
      listenInfos: (port: number) =>
        withReceiveBuffer(
          listenInfos(listen, announced, config.media.protocols, port),
          config.media.receiveBufferBytes,
        ),
    },
  };
}

/** What the store keeps of jobs. */
export function jobLimitsOf({ jobs }: Config): JobLimits {
  const { maxUnfinished, keepDays, maxEnded } = jobs;
  return { maxUnfinished, keepMs: keepDays * DAY_MS, keptPerKind: maxEnded };
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

/** Jobs are handed back in this part of the time that a close may take: the rest has to be closed too. */
const HAND_BACK_SHARE = 0.8;

export function closeJobs(runner: JobRunner, { timing }: Config): Promise<void> {
  return runner.close(timing.shutdownMs * HAND_BACK_SHARE);
}

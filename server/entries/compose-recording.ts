// The parts of recording: what `web` shows of it, and what a media node does.

import type { RecordingParts } from '../api/recordings/route-parts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type Config, variablesOf } from '../config/config.ts';
import type { JobKind } from '../jobs/kind.ts';
import { JobRunner } from '../jobs/runner.ts';
import { Catalog } from '../recording/catalog/catalog.ts';
import { usualFilms } from '../recording/catalog/film-job.ts';
import { WantedFilms } from '../recording/catalog/wanted-films.ts';
import { FINISH_JOB, finishKind } from '../recording/process/finish-kind.ts';
import { RecorderProcess } from '../recording/process/recorder-process.ts';
import { WantedWatch } from '../recording/rendering/wanted-watch.ts';
import { openStore } from '../recording/stores/open-store.ts';
import type { SfuNodeOptions } from '../sfu/node.ts';
import { RoomControl } from '../signaling/recording/room-control.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Resources } from '../telemetry/resources.ts';
import type { Closers } from './compose-parts.ts';

export interface RecordingOptions {
  config: Config;
  cluster: Cluster;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

/** The recorder is told to end before this process has to. */
const RECORDER_SHARE = 0.8;
/** Joining files of a dead machine takes memory and bandwidth. */
const FINISHED_AT_ONCE = 4;

/** What `web` needs. @returns undefined when nothing is recorded here. @throws Error with a sentence for the operator */
export function recordingLibrary(
  { config, cluster, log }: Pick<RecordingOptions, 'config' | 'cluster' | 'log'>,
  closers: Closers,
): RecordingParts | undefined {
  if (!config.recording.enabled) return undefined;
  const store = openStore(config, log);
  if (!store) return undefined;
  closers.add(() => store.close());
  const catalog = new Catalog(store, { log });
  const control = new RoomControl(cluster.rooms);
  return { store, catalog, control, jobs: cluster.jobs };
}

/** What does films needs: those whose jobs were lost are ordered again, as long as it runs. */
export function watchWantedFilms(
  { config, cluster, resources, log }: Omit<RecordingOptions, 'metrics'>,
  closers: Closers,
): void {
  const store = config.recording.enabled ? openStore(config, log) : undefined;
  if (!store) return;
  closers.add(() => store.close());
  const wanted = new WantedFilms(store);
  const watch = new WantedWatch({ wanted, jobs: cluster.jobs, resources, log });
  closers.add(() => watch.close());
}

/** What a media node needs. @throws Error with a sentence for the operator */
export function recordingOfNode(
  { config, cluster, resources, metrics, log }: RecordingOptions,
  closers: Closers,
): Pick<SfuNodeOptions, 'recording'> {
  if (!config.recording.enabled) return {};
  // The recorder opens it; what is wrong with the settings is better said at the start.
  void openStore(config, log)?.close();
  const recorder = new RecorderProcess({
    variables: variablesOf(config),
    closeMs: config.timing.shutdownMs * RECORDER_SHARE,
    frozenMs: config.recording.frozenSeconds * 1_000,
    resources,
    log,
  });
  closers.add(() => recorder.close());
  const { jobs } = cluster;
  const films = usualFilms(config.recording.films, config.recording.chat);
  const runner = new JobRunner({
    ...{ store: jobs, resources, metrics, log, concurrency: FINISHED_AT_ONCE },
    kinds: { [FINISH_JOB]: finishKind({ recorder, jobs, films }) as JobKind },
    leaseMs: config.jobs.leaseMs,
  });
  closers.add(() => runner.close());
  return {
    recording: {
      recorder,
      settings: config.recording,
      chatHistory: config.limits.chatHistory,
      finish: async (recording) => {
        await jobs.add({ kind: FINISH_JOB, key: recording.id, payload: recording });
        runner.wake();
      },
    },
  };
}

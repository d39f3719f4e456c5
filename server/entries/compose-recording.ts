// The parts of recording: what `web` shows of it, and what a media node does.

import type { RecordingParts } from '../api/recordings/route-parts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type Config, variablesOf } from '../config/config.ts';
import { Catalog } from '../recording/catalog/catalog.ts';
import { FILM_JOB, type FilmPayload, filmJobKey } from '../recording/catalog/film-job.ts';
import type { RecordingKey } from '../recording/process/messages.ts';
import { RecorderProcess } from '../recording/process/recorder-process.ts';
import { openStore } from '../recording/stores/open-store.ts';
import type { SfuNodeOptions } from '../sfu/node.ts';
import { RoomControl } from '../signaling/recording/room-control.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Resources } from '../telemetry/resources.ts';
import type { Closers } from './compose-parts.ts';

export interface RecordingOptions {
  config: Config;
  cluster: Cluster;
  resources: Resources;
  log: Logger;
}

/** The recorder is told to end before this process has to. */
const RECORDER_SHARE = 0.8;

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

/** What a media node needs. @throws Error with a sentence for the operator */
export function recordingOfNode(
  { config, cluster, resources, log }: RecordingOptions,
  closers: Closers,
): Pick<SfuNodeOptions, 'recording'> {
  if (!config.recording.enabled) return {};
  // The recorder opens it; what is wrong with the settings is better said at the start.
  void openStore(config, log)?.close();
  const recorder = new RecorderProcess({
    variables: variablesOf(config),
    closeMs: config.timing.shutdownMs * RECORDER_SHARE,
    resources,
    log,
  });
  closers.add(() => recorder.close());
  return {
    recording: {
      recorder,
      settings: config.recording,
      chatHistory: config.limits.chatHistory,
      finish: (recording) => finish(recording, { config, cluster, recorder }),
    },
  };
}

async function finish(
  recording: RecordingKey,
  {
    config,
    cluster,
    recorder,
  }: Pick<RecordingOptions, 'config' | 'cluster'> & { recorder: RecorderProcess },
): Promise<void> {
  const outcome = await recorder.finish(recording);
  if (outcome?.is !== 'done' || !outcome.isNew) return;
  const { id, room } = recording;
  for (const layout of config.recording.films) {
    if (layout === 'none') continue;
    const order = { layout, format: 'mp4', chat: config.recording.chat } as const;
    const payload: FilmPayload = { recording: id, room, order };
    await cluster.jobs.add({ kind: FILM_JOB, key: filmJobKey(id, layout, 'mp4'), payload });
  }
}

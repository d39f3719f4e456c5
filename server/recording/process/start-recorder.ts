// Puts the recorder together: store, spool, catalog, and what finishes recordings.
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources } from '../../telemetry/resources.ts';
import { Catalog } from '../catalog/catalog.ts';
import { isEntry, newEntry } from '../catalog/entry.ts';
import { usualFilms } from '../catalog/film-job.ts';
import type { StreamLimits } from '../media/track-stream.ts';
import { openSpool } from '../spool/spool.ts';
import { openStore } from '../stores/open-store.ts';
import { type RecordStore, StoreError } from '../stores/store.ts';
import { remedyOf } from '../stores/trouble.ts';
import { Finisher } from './finisher.ts';
import { Housekeeper } from './housekeeper.ts';
import type { FromRecorder } from './messages.ts';
import { Recorder } from './recorder.ts';

export interface StartRecorderOptions {
  config: Config;
  say(message: FromRecorder): void;
  resources: Resources;
  log: Logger;
}

const MEGABYTE = 1_048_576;
/** Senders repeat lost packets within two round trips; the file waits for them. */
const REORDER_MS = 1_000;
/** A second of the largest stream that a sender may send. */
const REORDER_PACKETS = 2_048;
const CLUSTER_MS = 1_000;
/** A key frame of a 4K screen is some hundred kilobytes. */
const FRAME_BYTES = 4 * MEGABYTE;

/** @throws Error when recordings cannot be kept as configured, as a sentence for the operator */
export async function startRecorder(options: StartRecorderOptions): Promise<Recorder> {
  const { config, say, resources, log } = options;
  const { keyTemplate, segmentMinutes, quotaMb } = config.recording;
  const store = openStore(config, log);
  if (!store) throw new Error('RECORD_ENABLED is not set.');
  void sayWhatIsWrong(store, log);
  const catalog = new Catalog(store, { log });
  const spool = await openSpool(config, store, log, resources, async ({ folder, begin }) => {
    const { recording: id, room, startedAt } = begin;
    // A recording whose files are elsewhere than the template says now is found all the same.
    const entry = { ...newEntry({ id, room, startedAt }, keyTemplate), folder };
    if (isEntry(entry)) await catalog.begin(entry);
    else log.error({ folder }, 'a log lies in a folder that is of no recording');
  });
  const { retentionDays } = config.recording;
  const housekeeper = new Housekeeper({ catalog, retentionDays, resources, log });
  const limits: StreamLimits = {
    reorderMs: REORDER_MS,
    reorderPackets: REORDER_PACKETS,
    clusterMs: CLUSTER_MS,
    frameBytes: FRAME_BYTES,
    segmentMs: segmentMinutes * 60_000,
  };
  const finisher = new Finisher({
    ...{ store, catalog, keyTemplate, log },
    films: usualFilms(config.recording.films, config.recording.chat),
  });
  const quotaBytes = quotaMb > 0 ? quotaMb * MEGABYTE : undefined;
  return Recorder.start({
    ...{ spool, catalog, finisher, housekeeper, keyTemplate, limits, quotaBytes },
    ...{ say, resources, log },
  });
}

/** Settings that are wrong are better read at the start than after the first recording. Never rejects. */
async function sayWhatIsWrong(store: RecordStore, log: Logger): Promise<void> {
  try {
    await store.check();
  } catch (err) {
    const remedy = err instanceof StoreError ? remedyOf(err.code) : undefined;
    const problem = err instanceof Error ? err.message : String(err);
    log.error({ place: store.place, problem, remedy }, 'recordings cannot be kept at the moment');
  }
}

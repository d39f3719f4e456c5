// Whether calls can be recorded: the folder, its room, the bucket, the keys, and the program that makes films.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Config } from '../../config/config.ts';
import { DiskStore } from '../../recording/stores/disk.ts';
import { S3Store } from '../../recording/stores/s3/s3-store.ts';
import { s3Settings } from '../../recording/stores/s3/settings.ts';
import { StoreError } from '../../recording/stores/store.ts';
import { remedyOf } from '../../recording/stores/trouble.ts';
import type { Logger } from '../../telemetry/log.ts';
import { failed, ok, reasonOf, skipped, type Verdict, warning } from '../finding.ts';

export interface RecordingFinding {
  subject?: string;
  verdict: Verdict;
}

type RecordingConfig = Pick<Config, 'recording' | 's3' | 's3Aliases'>;

/** A store that takes longer would be too slow to look at; a request is tried a few times. */
const STORE_MS = 4_000;
const PROGRAM_MS = 10_000;
const MEGABYTE = 1024 * 1024;
const MINUTE = 60_000;

/** One finding for each thing that recording needs. */
export async function checkRecording(
  config: RecordingConfig,
  log: Logger,
): Promise<RecordingFinding[]> {
  const { enabled, dir, films, freeDiskMb } = config.recording;
  if (!enabled) {
    return [{ verdict: skipped('RECORD_ENABLED is not set: calls are not recorded.') }];
  }
  try {
    const settings = s3Settings(config);
    if (!settings && dir === undefined) return [{ verdict: noPlace() }];
    const found = await Promise.all([
      settings && checkBucket(new S3Store({ ...settings, timeoutMs: STORE_MS }, log)),
      dir === undefined ? undefined : checkFolder(dir, freeDiskMb),
      films.includes('none') ? undefined : checkFfmpeg(),
    ]);
    return found.filter((each) => each !== undefined);
  } catch (error) {
    const verdict = failed('configuration', reasonOf(error), 'Correct the variables.');
    return [{ verdict }];
  }
}

function noPlace(): Verdict {
  return failed(
    'no_place',
    'RECORD_ENABLED is set, but not where recordings are kept.',
    'Set RECORD_DIR to a folder, or S3_BUCKET to a bucket.',
  );
}

async function checkFolder(dir: string, floorMb: number): Promise<RecordingFinding> {
  const folder = new DiskStore(dir);
  const subject = 'folder';
  try {
    await folder.check();
    const free = Math.floor((await folder.freeBytes()) / MEGABYTE);
    const detail = `${dir} can be written, and ${free} MB are free there.`;
    if (free >= floorMb) return { subject, verdict: ok(detail) };
    const shown = `${detail} RECORD_FREE_DISK_MB keeps ${floorMb} MB free, so nothing is recorded.`;
    return { subject, verdict: failed('disk_full', shown, remedyOf('full')) };
  } catch (error) {
    return { subject, verdict: troubleOf(error) };
  }
}

async function checkBucket(store: S3Store): Promise<RecordingFinding> {
  const subject = 'bucket';
  try {
    await store.check();
    const minutes = Math.round(Math.abs(store.clockOffsetMs) / MINUTE);
    const detail = `Files can be written to and deleted from ${store.place}.`;
    if (minutes === 0) return { subject, verdict: ok(detail) };
    const shown = `${detail} But the clock of this machine is ${minutes} minutes off the store’s.`;
    return { subject, verdict: warning('clock', shown, remedyOf('clock')) };
  } catch (error) {
    return { subject, verdict: troubleOf(error) };
  } finally {
    await store.close();
  }
}

function troubleOf(error: unknown): Verdict {
  if (!(error instanceof StoreError)) throw error;
  return failed(error.code, error.message, remedyOf(error.code));
}

async function checkFfmpeg(): Promise<RecordingFinding> {
  const subject = 'films';
  try {
    const { stdout } = await promisify(execFile)('ffmpeg', ['-version'], { timeout: PROGRAM_MS });
    const [, version = 'unknown'] = /^ffmpeg version (\S+)/.exec(stdout) ?? [];
    return { subject, verdict: ok(`ffmpeg ${version} makes them.`) };
  } catch (error) {
    const isAbsent = error instanceof Error && Reflect.get(error, 'code') === 'ENOENT';
    const detail = isAbsent ? 'ffmpeg is not installed' : `ffmpeg does not run: ${reasonOf(error)}`;
    const remedy =
      'Install it (on Debian and Ubuntu: apt-get install ffmpeg), or set RECORD_FILMS=none. Tracks are recorded all the same.';
    return { subject, verdict: warning('no_ffmpeg', `${detail}.`, remedy) };
  }
}

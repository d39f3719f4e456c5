// Opens the place that the settings name for recordings.
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import { DiskStore } from './disk.ts';
import { S3Store } from './s3/s3-store.ts';
import { s3Settings } from './s3/settings.ts';
import type { RecordStore } from './store.ts';

type StoreConfig = Pick<Config, 'recording' | 's3' | 's3Aliases'>;

/**
 * Where recordings are kept: in S3 if a bucket is named, else in RECORD_DIR. Nothing is tried yet: `check()` does.
 *
 * @returns undefined when neither is named, and nothing is to be recorded
 * @throws Error with a sentence for the operator
 */
export function openStore(config: StoreConfig, log: Logger): RecordStore | undefined {
  const { enabled, dir } = config.recording;
  const settings = s3Settings(config);
  if (settings) return new S3Store(settings, log);
  if (dir !== undefined) return new DiskStore(dir);
  if (!enabled) return undefined;
  throw new Error(
    'RECORD_ENABLED is set, but not where recordings are kept: set RECORD_DIR to a folder, or S3_BUCKET to a bucket.',
  );
}

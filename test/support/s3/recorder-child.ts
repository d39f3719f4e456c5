// A process that appends to files of the spool, as a recorder does, until it is killed. For tests.
//
// Arguments: the settings of the bucket as JSON, the spool's folder, a prefix of keys, how many files.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadConfig } from '../../../server/config/config.ts';
import { openSpool } from '../../../server/recording/spool/spool.ts';
import { S3Store } from '../../../server/recording/stores/s3/s3-store.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { Resources } from '../../../server/telemetry/resources.ts';

const EVERY_MS = 50;

/** The line with this number: each can be told from every other, and made again by whoever checks. */
export function lineOf(file: number, n: number): string {
  const mark = createHash('sha256').update(`${file} ${n}`).digest('hex');
  return `${JSON.stringify({ file, n, mark, more: mark.repeat(n % 40) })}\n`;
}

if (import.meta.main) {
  const [settings = '', folder = '', prefix = '', files = '1'] = process.argv.slice(2);
  const log = createLogger('warn');
  const config = loadConfig({
    ...{ RECORD_DIR: folder, RECORD_UPLOAD_SECONDS: '1', RECORD_FREE_DISK_MB: '0' },
  });
  const store = new S3Store(JSON.parse(settings), log);
  const spool = await openSpool(config, store, log, new Resources());
  await Promise.all(
    Array.from({ length: Number(files) }, async (_, file) => {
      const growing = await spool.file(`${prefix}${file}.jsonl`);
      for (let n = 0; ; n++) {
        await growing.append(Buffer.from(lineOf(file, n)));
        // What is said here is on the disk.
        console.log(`appended ${file} ${n}`);
        await sleep(EVERY_MS);
      }
    }),
  );
}

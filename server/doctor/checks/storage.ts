// Whether the one folder that Parley writes to, the cache of media workers, can be written to.
import { access, mkdtemp, rmdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import { workerCacheFolder } from '../../../native/cache.ts';
import { failed, ok, reasonOf, type Verdict, warning } from '../finding.ts';

/** A worker is 10 MB, and a build of one some 500 MB. */
const LOW_BYTES = 200 * 1024 * 1024;
const MEGABYTE = 1024 * 1024;

export async function checkStorage(
  env: Readonly<Record<string, string | undefined>>,
): Promise<Verdict> {
  try {
    const folder = workerCacheFolder({ ...env });
    const existing = await nearestExisting(folder);
    // Rights do not suffice: the disk may be full, or read-only.
    await rmdir(await mkdtemp(path.join(existing, '.parley-doctor-')));
    const { bavail, bsize } = await statfs(existing);
    const detail = `${Math.floor((bavail * bsize) / MEGABYTE)} MB are free at ${folder}.`;
    if (bavail * bsize >= LOW_BYTES) return ok(detail);
    return warning('disk_full', detail, 'Make room: a media worker may have to be kept there.');
  } catch (error) {
    // A worker that is there already can be run all the same.
    return failed(
      'not_writable',
      `The folder for media workers cannot be written to: ${reasonOf(error)}.`,
      'Set XDG_CACHE_HOME to a folder that this user may write to, or name a worker in MEDIASOUP_WORKER_BIN.',
    );
  }
}

async function nearestExisting(folder: string): Promise<string> {
  try {
    await access(folder);
    return folder;
  } catch {
    const parent = path.dirname(folder);
    return parent === folder ? folder : nearestExisting(parent);
  }
}

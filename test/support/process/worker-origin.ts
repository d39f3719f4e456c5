// Whether the worker that the tests use was built here, and with which libsrtp.
import * as mediasoup from 'mediasoup';
import { buildHash, SRTP_ORIGINS, type SrtpOrigin } from '../../../native/build/recipe.ts';
import { debianToolchain } from '../../../native/build/toolchain.ts';
import { cachedWorkerPath, currentPlatform, workerCacheFolder } from '../../../native/cache.ts';

/** @returns undefined when the worker at this path was downloaded or given */
export async function workerOrigin(path: string): Promise<SrtpOrigin | undefined> {
  const versions = await debianToolchain.versions();
  if (versions === undefined) return undefined;
  return SRTP_ORIGINS.find(
    (srtp) =>
      path ===
      cachedWorkerPath(
        workerCacheFolder(process.env),
        mediasoup.version,
        currentPlatform(),
        buildHash(versions, srtp),
      ),
  );
}

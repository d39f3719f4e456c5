// Finds out whether a worker binary works here, by running it.

import { join } from 'node:path';
import { ProvisionError, reasonOf } from '../errors.ts';
import { describeEnd, run } from '../host/run.ts';

/** A worker starts in a tenth of a second; two cores that compile something else take longer. */
const CHECK_TIMEOUT_MS = 30_000;
/** The worker's exit code for "MEDIASOUP_VERSION is not set" (worker/src/main.cpp). */
const NO_VERSION_EXIT_CODE = 41;

/**
 * Resolves when the binary starts on this machine and understands this mediasoup.
 * Throws ProvisionError with the reason otherwise: another libc, a missing library, another
 * version's protocol, not a worker at all.
 */
export async function verifyWorker(path: string, signal?: AbortSignal): Promise<void> {
  // Run alone first: only then is the dynamic linker's message seen.
  const { MEDIASOUP_VERSION: _, ...env } = process.env;
  const bare = await run(path, [], { env, timeoutMs: CHECK_TIMEOUT_MS, signal }).catch((error) => {
    signal?.throwIfAborted();
    throw new ProvisionError(`it cannot be started: ${reasonOf(error)}`);
  });
  if (bare.code !== NO_VERSION_EXIT_CODE) {
    throw new ProvisionError(`it does not run here: ${describeEnd(bare)}`);
  }
  // In a process of its own, so that a worker which hangs can be given up.
  const script = join(import.meta.dirname, 'verify-child.ts');
  const result = await run(process.execPath, [script, path], {
    env,
    timeoutMs: CHECK_TIMEOUT_MS,
    signal,
  });
  if (result.code !== 0) {
    throw new ProvisionError(`mediasoup cannot work with it: ${describeEnd(result)}`);
  }
}

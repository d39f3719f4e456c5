// The places a worker can come from, one function each. provision.ts has their order.

import { existsSync } from 'node:fs';
import { chmod, rm } from 'node:fs/promises';
import { release } from 'node:os';
import { join, resolve } from 'node:path';
import {
  binaryName,
  cachedWorkerPath,
  createBuildFolder,
  currentPlatform,
  publishWorker,
} from '../cache.ts';
import { downloadPrebuilt, prebuiltUrl } from '../download.ts';
import { ProvisionError } from '../errors.ts';
import type { Reporter } from '../progress.ts';
import type { verifyWorker } from '../verify/verify.ts';
import type { ProvisionedWorker } from '../worker.ts';
import { buildHash, hashText, SRTP_ORIGINS, type SrtpOrigin } from './recipe.ts';
import type { Toolchain } from './toolchain.ts';

/** Shared by the steps. */
export interface Context {
  env: NodeJS.ProcessEnv;
  signal: AbortSignal | undefined;
  reporter: Reporter;
  verify: typeof verifyWorker;
  toolchain: Toolchain;
  /** Root folder of the installed mediasoup package. */
  packageFolder: string;
  version: string;
  repositoryUrl: string;
  cacheFolder: string;
  /** One clause for each step that failed, for the sentence at the end. */
  tried: string[];
}

export async function fromEnvironment(context: Context): Promise<ProvisionedWorker | undefined> {
  const named = context.env.MEDIASOUP_WORKER_BIN;
  if (!named) return undefined;
  const path = resolve(named);
  try {
    await context.verify(path, context.signal);
  } catch (error) {
    if (!(error instanceof ProvisionError)) throw error;
    throw new ProvisionError(
      `MEDIASOUP_WORKER_BIN is ${path}, but ${error.message}: correct or unset it.`,
    );
  }
  return { path, source: 'env', version: context.version };
}

export async function fromPackage(context: Context): Promise<ProvisionedWorker | undefined> {
  const path = join(context.packageFolder, 'worker', 'out', 'Release', binaryName());
  if (!existsSync(path) || !(await works(context, path))) return undefined;
  return { path, source: 'package', version: context.version };
}

export async function fromCache(context: Context): Promise<ProvisionedWorker | undefined> {
  const built = await builtPaths(context);
  for (const path of [downloadedPath(context), ...SRTP_ORIGINS.map((srtp) => built?.[srtp])]) {
    if (path === undefined || !existsSync(path)) continue;
    if (await works(context, path)) return { path, source: 'cache', version: context.version };
    // An upgrade removed its libraries. It would only be tried again and again.
    await rm(path, { force: true });
  }
  return undefined;
}

export async function fromDownload(context: Context): Promise<ProvisionedWorker | undefined> {
  const destination = downloadedPath(context);
  if (destination === undefined) return undefined;
  const url = archiveUrl(context);
  context.reporter.line(`Downloading ${url}`);
  return await attempt(context, 'download', async (folder) => {
    const path = join(folder, binaryName());
    const step = context.reporter.step('Downloading mediasoup-worker');
    try {
      await downloadPrebuilt(url, path, { signal: context.signal });
    } finally {
      step.close();
    }
    return { path, destination };
  });
}

export async function fromBuild(context: Context): Promise<ProvisionedWorker | undefined> {
  const { reporter, signal, toolchain, version } = context;
  try {
    await toolchain.install((line) => reporter.line(line), signal);
  } catch (error) {
    noteFailure(context, error);
    return undefined;
  }
  const destinations = await builtPaths(context);
  if (!destinations) return undefined;
  // Only now, with the packages there, does an earlier build show.
  const isThere = Object.values(destinations).some((path) => existsSync(path));
  const earlier = isThere ? await fromCache(context) : undefined;
  if (earlier) return earlier;
  reporter.line(`Building mediasoup-worker ${version} from source. This happens once.`);
  const workerFolder = join(context.packageFolder, 'worker');
  return await attempt(context, 'build', async (buildFolder) => {
    const built = await toolchain.build({ workerFolder, buildFolder, reporter, signal });
    return { path: built.path, destination: destinations[built.srtp] };
  });
}

/** Runs `make` in a folder of its own, checks the binary and moves it to its destination. */
async function attempt(
  context: Context,
  source: 'download' | 'build',
  make: (folder: string) => Promise<{ path: string; destination: string }>,
): Promise<ProvisionedWorker | undefined> {
  const folder = await createBuildFolder(context.cacheFolder);
  try {
    const { path, destination } = await make(folder);
    await chmod(path, 0o755);
    if (!(await works(context, path))) return undefined;
    await publishWorker(path, destination);
    return { path: destination, source, version: context.version };
  } catch (error) {
    noteFailure(context, error);
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function works(context: Context, path: string): Promise<boolean> {
  try {
    await context.verify(path, context.signal);
    return true;
  } catch (error) {
    const unusable = error instanceof ProvisionError;
    noteFailure(context, unusable ? new ProvisionError(`${path}: ${error.message}`) : error);
    return false;
  }
}

/** Shown at once, as the next step may take minutes, and again if nothing works. */
function noteFailure(context: Context, error: unknown): void {
  context.signal?.throwIfAborted();
  if (!(error instanceof ProvisionError)) throw error;
  context.tried.push(error.message);
  context.reporter.line(`That did not work: ${error.message}`);
}

function archiveUrl({ env, repositoryUrl, version }: Context): string {
  const { platform, arch } = process;
  return prebuiltUrl(env, repositoryUrl, { version, platform, arch, release: release() });
}

/** Undefined when mediasoup's own variable forbids downloads. */
function downloadedPath(context: Context): string | undefined {
  if (context.env.MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD) return undefined;
  const { cacheFolder, version } = context;
  return cachedWorkerPath(cacheFolder, version, currentPlatform(), hashText(archiveUrl(context)));
}

/** One for each libsrtp. Undefined when the packages to build with are missing: then a build has no name. */
async function builtPaths(context: Context): Promise<Record<SrtpOrigin, string> | undefined> {
  const { cacheFolder, signal, toolchain, version } = context;
  const versions = await toolchain.versions(signal);
  if (!versions) return undefined;
  const pathOf = (srtp: SrtpOrigin) =>
    cachedWorkerPath(cacheFolder, version, currentPlatform(), buildHash(versions, srtp));
  return { source: pathOf('source'), distribution: pathOf('distribution') };
}

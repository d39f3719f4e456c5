// Finds, downloads or builds the mediasoup-worker binary; a module and a command.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Context,
  fromBuild,
  fromCache,
  fromDownload,
  fromEnvironment,
  fromPackage,
} from './build/steps.ts';
import { debianToolchain, type Toolchain } from './build/toolchain.ts';
import { currentPlatform, openCacheFolder, platformName, workerCacheFolder } from './cache.ts';
import { ProvisionError, reasonOf } from './errors.ts';
import { acquireLock } from './host/lock.ts';
import { type Log, Reporter } from './progress.ts';
import { verifyWorker } from './verify/verify.ts';
import type { ProvisionedWorker } from './worker.ts';

export interface ProvisionOptions {
  env?: NodeJS.ProcessEnv;
  /** Gets a line about everything that takes time. Default: stderr, live when it is a terminal. */
  log?: Log;
  /** Ends downloads and compilers; the promise then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** Where the mediasoup package is. Default: where Node finds it. */
  packageFolder?: string;
  /** Fast stand-ins for the slow steps, for tests of their order. */
  verify?: typeof verifyWorker;
  toolchain?: Toolchain;
}

/**
 * Takes the first of these that works: `MEDIASOUP_WORKER_BIN`, the mediasoup package's own binary, one in the
 * user's cache folder, mediasoup's prebuilt one, one built here from the package's sources. Downloads and
 * builds are kept in the cache folder. Two processes at once do not clash.
 *
 * Throws ProvisionError, one sentence that says what was tried and what to do, when nothing works,
 * and also when `MEDIASOUP_WORKER_BIN` is set and does not work: there is no fallback then.
 */
export async function provisionWorker(options: ProvisionOptions = {}): Promise<ProvisionedWorker> {
  const context = createContext(options);
  const found =
    (await fromEnvironment(context)) ??
    (await fromPackage(context)) ??
    (await fromCache(context)) ??
    (await whileLocked(
      context,
      // The previous holder of the lock has probably put it into the cache.
      async () =>
        (await fromCache(context)) ?? (await fromDownload(context)) ?? (await fromBuild(context)),
    ));
  if (found) return found;
  const { version, tried } = context;
  throw new ProvisionError(
    `No mediasoup-worker ${version} could be had for ${platformName(currentPlatform())}: ` +
      `${tried.join('; ')}; or set MEDIASOUP_WORKER_BIN to the path of a mediasoup-worker ${version}.`,
  );
}

function createContext(options: ProvisionOptions): Context {
  const { env = process.env, signal } = options;
  const packageFolder = options.packageFolder ?? findPackageFolder();
  const manifest: { version?: unknown; repository?: { url?: unknown } } = JSON.parse(
    readFileSync(join(packageFolder, 'package.json'), 'utf8'),
  );
  return {
    env,
    signal,
    verify: options.verify ?? verifyWorker,
    toolchain: options.toolchain ?? debianToolchain,
    reporter: new Reporter(options.log),
    packageFolder,
    version: String(manifest.version),
    repositoryUrl: String(manifest.repository?.url),
    cacheFolder: workerCacheFolder(env),
    tried: [],
  };
}

function findPackageFolder(): string {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve('mediasoup'))), '..', '..');
  } catch (error) {
    throw new ProvisionError(`mediasoup is not installed (${reasonOf(error)}): run "npm ci" first`);
  }
}

async function whileLocked<T>(context: Context, work: () => Promise<T>): Promise<T> {
  const { cacheFolder, reporter, signal } = context;
  await openCacheFolder(cacheFolder);
  const release = await acquireLock(join(cacheFolder, 'provision.lock'), {
    onWait: (holder) => {
      const who = holder ? `process ${holder.pid} on ${holder.host}` : 'another process';
      reporter.line(`Waiting for ${who}, which is providing mediasoup-worker.`);
    },
    signal,
  });
  try {
    return await work();
  } finally {
    await release();
  }
}

/** `node native/provision.ts [--print]`: progress on stderr, with --print the path on stdout. */
async function main(args: readonly string[]): Promise<number> {
  if (args.some((arg) => arg !== '--print')) {
    process.stderr.write('Usage: node native/provision.ts [--print]\n');
    return 2;
  }
  const interrupted = new AbortController();
  let endedBy: NodeJS.Signals | undefined;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      endedBy = name;
      interrupted.abort(new Error(`interrupted by ${name}`));
    });
  }
  try {
    const worker = await provisionWorker({ signal: interrupted.signal });
    const { path, source, version } = worker;
    process.stderr.write(`mediasoup-worker ${version} is ready (${source}): ${path}\n`);
    if (args.includes('--print')) process.stdout.write(`${path}\n`);
    return 0;
  } catch (error) {
    // Cleaned up by now, so end by the signal: shells see the difference from an exit code.
    if (endedBy) process.kill(process.pid, endedBy);
    else if (!(error instanceof ProvisionError)) throw error;
    else process.stderr.write(`${error.message}\n`);
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

// Where finished workers are kept, and under which names.

import {
  access,
  chmod,
  constants,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { ProvisionError, reasonOf } from './errors.ts';

const BUILD_FOLDER_PREFIX = '.build-';
/**
 * A build adds a file to its folder every few seconds, which shows in the folder's time. One that
 * got none for so long belongs to a process that was killed.
 */
const LEFTOVER_AGE_MS = 10 * 60 * 1000;

/** `<user's cache folder>/parley/worker`. Throws ProvisionError when the user has none. */
export function workerCacheFolder(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string {
  return join(userCacheFolder(env, platform), 'parley', 'worker');
}

function userCacheFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  const xdg = env.XDG_CACHE_HOME;
  // The XDG Base Directory specification: a relative path is invalid and to be ignored.
  if (xdg && isAbsolute(xdg)) return xdg;
  if (platform === 'win32' && env.LOCALAPPDATA) return env.LOCALAPPDATA;
  const home = env.HOME || systemHome();
  return platform === 'darwin' ? join(home, 'Library', 'Caches') : join(home, '.cache');
}

function systemHome(): string {
  try {
    return homedir();
  } catch (error) {
    // A container's numeric user has no entry in the user database.
    throw new ProvisionError(
      `this user has no home folder (${reasonOf(error)}): set XDG_CACHE_HOME to a writable folder`,
    );
  }
}

export interface Platform {
  platform: NodeJS.Platform;
  arch: string;
  /** "glibc2.36" or "musl"; absent where it does not matter. */
  libc?: string | undefined;
}

export function currentPlatform(): Platform {
  const { platform, arch } = process;
  return { platform, arch, libc: platform === 'linux' ? currentLibc() : undefined };
}

/** "linux-x64-glibc2.36" */
export function platformName({ platform, arch, libc }: Platform): string {
  return [platform, arch, libc].filter((part) => part !== undefined).join('-');
}

function currentLibc(): string {
  const { report } = process;
  // Else the report looks up the hostname of every connection.
  const excludeNetwork: unknown = Reflect.get(report, 'excludeNetwork');
  Reflect.set(report, 'excludeNetwork', true);
  const text = JSON.stringify(report.getReport());
  Reflect.set(report, 'excludeNetwork', excludeNetwork);
  const version = /"glibcVersionRuntime":"([\d.]+)"/.exec(text)?.[1];
  return version ? `glibc${version}` : 'musl';
}

export function binaryName(platform: NodeJS.Platform = process.platform): string {
  return platform === 'win32' ? 'mediasoup-worker.exe' : 'mediasoup-worker';
}

/** `<folder>/<version>-<platform>-<hash>/mediasoup-worker` */
export function cachedWorkerPath(
  folder: string,
  version: string,
  platform: Platform,
  hash: string,
): string {
  const entry = `${version}-${platformName(platform)}-${hash}`;
  return join(folder, entry, binaryName(platform.platform));
}

/** Creates the cache folder. Throws ProvisionError when it cannot be written. */
export async function openCacheFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    throw new ProvisionError(
      `the cache folder ${folder} cannot be written (${reasonOf(error)}): ` +
        'set XDG_CACHE_HOME to a writable folder',
    );
  }
}

/** An empty folder to work in, on the cache's own file system so that a rename suffices. */
export async function createBuildFolder(folder: string): Promise<string> {
  await removeLeftovers(folder);
  return await mkdtemp(join(folder, BUILD_FOLDER_PREFIX));
}

/** Puts the binary in its place in one step: no process ever sees half of it. */
export async function publishWorker(binary: string, destination: string): Promise<void> {
  await chmod(binary, 0o755);
  await mkdir(dirname(destination), { recursive: true });
  await rename(binary, destination);
}

async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(BUILD_FOLDER_PREFIX)) continue;
    const path = join(folder, name);
    const modifiedAt = (await stat(path).catch(() => undefined))?.mtimeMs;
    if (modifiedAt !== undefined && Date.now() - modifiedAt > LEFTOVER_AGE_MS) {
      await rm(path, { recursive: true, force: true });
    }
  }
}

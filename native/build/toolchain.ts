// The tools for a build, behind one interface: Debian's packages and its compiler.

import { ProvisionError } from '../errors.ts';
import { ensureDebianPackages, installedVersions } from '../host/debian.ts';
import type { Log } from '../progress.ts';
import { type BuildOptions, type BuiltWorker, buildWorker } from './build.ts';
import { BUILD_PACKAGES } from './recipe.ts';

export interface Toolchain {
  /** The version of every package a build would use; undefined when they are not all there. */
  versions(signal?: AbortSignal): Promise<ReadonlyMap<string, string> | undefined>;
  /** Makes `versions` answer. Throws ProvisionError saying what to install. */
  install(log: Log, signal?: AbortSignal): Promise<void>;
  /** Resolves with the new binary. Throws ProvisionError. */
  build(options: BuildOptions): Promise<BuiltWorker>;
}

export const debianToolchain: Toolchain = {
  async versions(signal) {
    try {
      const versions = await installedVersions(BUILD_PACKAGES, signal);
      return versions.size === BUILD_PACKAGES.length ? versions : undefined;
    } catch (error) {
      // Not Debian.
      if (error instanceof ProvisionError) return undefined;
      throw error;
    }
  },
  async install(log, signal) {
    await ensureDebianPackages(BUILD_PACKAGES, { why: 'build mediasoup-worker', log, signal });
  },
  build: buildWorker,
};

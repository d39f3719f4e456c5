// Installs missing Debian or Ubuntu packages if we may, else shows what to run.

import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ProvisionError } from '../errors.ts';
import { type Log, Reporter } from '../progress.ts';
import { describeEnd, errorCode, type RunResult, run } from './run.ts';

export interface DebianPackageOptions {
  /** Ends the sentence "… needed to …", for example "build mediasoup-worker". */
  why: string;
  log: Log;
  signal?: AbortSignal | undefined;
}

/** Another apt may be running: unattended upgrades, or a second test run. They end in minutes. */
const APT_LOCK_TIMEOUT_SECONDS = 300;
const APT_LOCK_RETRY_MS = 2_000;
const APT_LISTS_FOLDER = '/var/lib/apt/lists';

/**
 * Makes sure that every package is installed; does nothing, fast, when they are.
 * Throws ProvisionError with the exact command to run when it cannot install them itself.
 */
export async function ensureDebianPackages(
  packages: readonly string[],
  options: DebianPackageOptions,
): Promise<void> {
  const versions = await installedVersions(packages, options.signal);
  const missing = packages.filter((name) => !versions.has(name));
  if (missing.length === 0) return;

  const install = ['install', '--yes', '--no-install-recommends', ...missing];
  const command = `apt-get ${install.join(' ')}`;
  const need = `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} needed to ${options.why}`;
  if (process.getuid?.() !== 0) {
    throw new ProvisionError(`${need}: run "sudo ${command}"`);
  }
  options.log(`Installing Debian packages to ${options.why}: ${missing.join(', ')}`);
  const step = new Reporter(options.log).step('Installing Debian packages');
  try {
    if (!hasPackageLists()) await apt(['update'], options.signal);
    let result = await apt(install, options.signal);
    if (result.code !== 0) {
      // Old lists name versions that the mirror has since replaced.
      await apt(['update'], options.signal);
      result = await apt(install, options.signal);
    }
    if (result.code !== 0) {
      throw new ProvisionError(
        `${need}, and installing them failed (${aptReason(result)}): run "${command}" to see why`,
      );
    }
  } finally {
    step.close();
  }
}

/** The versions of those packages that are installed. Throws ProvisionError where dpkg is absent. */
export async function installedVersions(
  packages: readonly string[],
  signal?: AbortSignal,
): Promise<Map<string, string>> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = '--showformat=${db:Status-Status} ${Package} ${Version}\\n';
  let result: RunResult;
  try {
    // Exits with 1 when one of the names is unknown, and still lists the others.
    result = await run('dpkg-query', ['--show', format, ...packages], { signal });
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new ProvisionError(
      `${packages.join(', ')} cannot be looked for, because this is neither Debian nor Ubuntu`,
    );
  }
  const versions = new Map<string, string>();
  for (const line of result.stdout.split('\n')) {
    const [status, name, version] = line.split(' ');
    if (status === 'installed' && name && version) versions.set(name, version);
  }
  return versions;
}

/** An abort is heeded between two runs only: apt killed half-way leaves packages half installed. */
async function apt(args: readonly string[], signal: AbortSignal | undefined): Promise<RunResult> {
  const deadline = performance.now() + APT_LOCK_TIMEOUT_SECONDS * 1000;
  for (;;) {
    const lockTimeout = `DPkg::Lock::Timeout=${APT_LOCK_TIMEOUT_SECONDS}`;
    const result = await run('apt-get', ['-q', '-o', lockTimeout, ...args], {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    });
    signal?.throwIfAborted();
    // The option above covers dpkg's lock. The locks of the lists and the archive fail at once.
    const locked = result.code !== 0 && /Could not get lock|Unable to lock/.test(result.stderr);
    if (!locked || performance.now() > deadline) return result;
    await delay(APT_LOCK_RETRY_MS, undefined, { signal });
  }
}

/** Container images ship without package lists. */
function hasPackageLists(): boolean {
  try {
    return readdirSync(APT_LISTS_FOLDER).some(
      (name) => name.endsWith('_Packages') || name.includes('_Packages.'),
    );
  } catch {
    return false;
  }
}

function aptReason(result: RunResult): string {
  const firstError = result.stderr.split('\n').find((line) => line.startsWith('E: '));
  return firstError?.slice('E: '.length) ?? describeEnd(result);
}

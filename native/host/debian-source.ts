// Fetches the source package that an installed Debian or Ubuntu package was built from.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ProvisionError } from '../errors.ts';
import { aptConfig, aptFiles, sourcesInsteadOfPackages, whyNoSource } from './apt-private.ts';
import { describeEnd, errorCode, type RunResult, run } from './run.ts';

/** Absent in newer releases. */
const MACHINE_LIST = '/etc/apt/sources.list';
const MACHINE_LISTS = '/etc/apt/sources.list.d';
/** The lists of all sources of a release are 10 MB. */
const UPDATE_TIMEOUT_MS = 120_000;
const DOWNLOAD_TIMEOUT_MS = 60_000;

/**
 * The unpacked sources of exactly the installed version, with the distribution's patches, below `folder`.
 *
 * apt takes it from the servers that the machine's packages come from, with a configuration of our own. It
 * checks the servers' signature of the lists and by those the checksum of each file. No root is needed, and
 * /etc/apt and /var/lib/apt stay as they are.
 *
 * Throws ProvisionError with the reason when it cannot be had.
 */
export async function fetchDebianSource(
  installedPackage: string,
  folder: string,
  signal?: AbortSignal,
): Promise<string> {
  const source = await sourceOf(installedPackage, signal);
  await writeAptConfiguration(folder);
  const apt = (args: readonly string[], timeoutMs: number) =>
    tool('apt-get', ['-q', '--config-file', aptFiles(folder).config, ...args], {
      cwd: folder,
      env: { ...process.env, LC_ALL: 'C' },
      timeoutMs,
      signal,
    });
  const update = await apt(['update'], UPDATE_TIMEOUT_MS);
  const download = ['source', '--only-source', '--download-only', source];
  const downloaded = await apt(download, DOWNLOAD_TIMEOUT_MS);
  const description = (await readdir(folder)).find((name) => name.endsWith('.dsc'));
  if (downloaded.code !== 0 || description === undefined) {
    throw new ProvisionError(
      `the source package ${source} cannot be had: ${whyNoSource(update, downloaded)}`,
    );
  }
  const tree = join(folder, 'source');
  const unpacked = await tool('dpkg-source', ['--extract', description, tree], {
    cwd: folder,
    signal,
  });
  if (unpacked.code !== 0) {
    throw new ProvisionError(`unpacking ${description} failed: ${describeEnd(unpacked)}`);
  }
  return tree;
}

/** "libsrtp2=2.5.0-3" */
async function sourceOf(installedPackage: string, signal?: AbortSignal): Promise<string> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
  const format = '--showformat=${source:Package}=${source:Version}';
  const result = await tool('dpkg-query', ['--show', format, installedPackage], { signal });
  if (result.code !== 0) throw new ProvisionError(`${installedPackage} is not installed`);
  return result.stdout.trim();
}

async function writeAptConfiguration(folder: string): Promise<void> {
  const files = aptFiles(folder);
  for (const each of files.folders) await mkdir(each, { recursive: true });
  const main = await readFile(MACHINE_LIST, 'utf8').catch(absent(''));
  await writeFile(files.mainList, sourcesInsteadOfPackages('sources.list', main));
  for (const name of await readdir(MACHINE_LISTS).catch(absent([]))) {
    // apt ignores files with other endings, too.
    if (!/\.(list|sources)$/.test(name)) continue;
    const text = await readFile(join(MACHINE_LISTS, name), 'utf8');
    await writeFile(join(files.lists, name), sourcesInsteadOfPackages(name, text));
  }
  await writeFile(files.config, aptConfig(folder));
}

function absent<T>(instead: T): (error: unknown) => T {
  return (error) => {
    if (errorCode(error) === 'ENOENT') return instead;
    throw error;
  };
}

async function tool(...args: Parameters<typeof run>): Promise<RunResult> {
  try {
    return await run(...args);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    throw new ProvisionError(`${args[0]} is not installed`);
  }
}

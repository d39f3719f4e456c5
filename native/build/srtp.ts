// libsrtp on OpenSSL, from the sources of the distribution's own libsrtp2.
//
// Debian builds its libsrtp2 on NSS, which takes locks and allocates memory for each packet
// (docs/decisions/0013-libsrtp-on-openssl.md).

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { reasonOf } from '../errors.ts';
import { fetchDebianSource } from '../host/debian-source.ts';
import type { Reporter } from '../progress.ts';
import {
  LINK_FLAGS,
  SRTP_ARCHIVE,
  SRTP_CONFIGURE_FLAGS,
  SRTP_PACKAGE,
  SRTP_SELF_TEST,
} from './recipe.ts';
import { tool, words } from './tool.ts';

export interface SrtpOptions {
  /** The caller removes it. */
  buildFolder: string;
  reporter: Reporter;
  signal?: AbortSignal | undefined;
}

/**
 * Resolves with the path of a static library that has passed its own tests; with undefined, and one line to the
 * operator, when there is none and the worker has to use the distribution's library.
 *
 * @param fetchSource where the sources come from, for tests
 */
export async function buildSrtp(
  options: SrtpOptions,
  fetchSource: typeof fetchDebianSource = fetchDebianSource,
): Promise<string | undefined> {
  const { buildFolder, reporter, signal } = options;
  const folder = join(buildFolder, 'srtp');
  const step = reporter.step('Building libsrtp');
  try {
    await mkdir(folder);
    const tree = await fetchSource(SRTP_PACKAGE, folder, signal);
    await tool('sh', ['./configure', ...SRTP_CONFIGURE_FLAGS], { cwd: tree, signal });
    await tool('make', [SRTP_ARCHIVE], { cwd: tree, signal });
    const archive = join(tree, SRTP_ARCHIVE);
    await selfTest(archive, folder, signal);
    return archive;
  } catch (error) {
    signal?.throwIfAborted();
    reporter.line(distributionLine(reasonOf(error)));
    return undefined;
  } finally {
    step.close();
  }
}

/** What the distribution's library costs, and why it is used. */
export function distributionLine(reason: string): string {
  return (
    `libsrtp could not be built on OpenSSL (${reason}). This worker uses the distribution’s, which is built ` +
    'on NSS: each packet costs about a fifth more processor time.'
  );
}

/** An archive that cannot be linked, or whose ciphers compute something else, shows here. */
async function selfTest(archive: string, folder: string, signal?: AbortSignal): Promise<void> {
  const source = join(folder, 'self-test.cpp');
  const program = join(folder, 'self-test');
  await writeFile(source, SRTP_SELF_TEST);
  const flags = words(await tool('pkg-config', ['--cflags', '--libs', 'openssl'], { signal }));
  const args = [source, archive, '-o', program, ...LINK_FLAGS, ...flags];
  await tool('g++', ['-fPIE', ...args], { cwd: folder, signal });
  await tool(program, [], { cwd: folder, signal });
}

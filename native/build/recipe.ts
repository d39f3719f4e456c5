// The sources, packages and flags of the worker: everything that decides the binary.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { join } from 'node:path';
import { type MesonFacts, parseMesonList, parseMesonOptions } from './meson.ts';
import {
  DTLS_BIO_CALLBACK_FIX,
  EMPTY_ERROR_QUEUE_FIXES,
  ENDED_LAYER_FIXES,
  type SourceFix,
  YOUNG_LAYER_FIX,
} from './source-fix.ts';

/** Headers of ours that stand between the worker and the distribution's libraries. */
export const COMPAT_FOLDER = join(import.meta.dirname, 'compat');
export const PRECOMPILED_HEADER = 'precompiled.hpp';

export const SOURCE_FIXES: readonly SourceFix[] = [
  DTLS_BIO_CALLBACK_FIX,
  ...EMPTY_ERROR_QUEUE_FIXES,
  YOUNG_LAYER_FIX,
  ...ENDED_LAYER_FIXES,
];

/** Built and tested with those of Debian 12 and Debian 13; Ubuntu has them under the same names. */
export const BUILD_PACKAGES: readonly string[] = [
  'g++',
  'make',
  'dpkg-dev',
  'pkg-config',
  'libuv1-dev',
  'libssl-dev',
  'libsrtp2-dev',
  'libflatbuffers-dev',
  'flatbuffers-compiler',
  'libabsl-dev',
];

/** The Debian package with libsrtp's headers. libsrtp is built from the sources of exactly this package's version. */
export const SRTP_PACKAGE = 'libsrtp2-dev';
export const SRTP_MODULE = 'libsrtp2';
export const SRTP_ARCHIVE = 'libsrtp2.a';

/** Where a worker's libsrtp comes from, the better one first: built here on OpenSSL, or the distribution's. */
export const SRTP_ORIGINS = ['source', 'distribution'] as const;
export type SrtpOrigin = (typeof SRTP_ORIGINS)[number];

/** pkg-config, because which libraries make up Abseil differs from release to release. */
export const PKG_CONFIG_MODULES: readonly string[] = [
  'libuv',
  'openssl',
  SRTP_MODULE,
  'absl_flat_hash_map',
  'absl_flat_hash_set',
  'absl_strings',
  'absl_optional',
];

export const FLATC_FLAGS: readonly string[] = [
  '--cpp',
  '--cpp-field-case-style',
  'lower',
  '--reflect-names',
  '--scoped-enums',
  '--filename-suffix',
  '',
];

/** Flags for both the worker and its libsrtp. */
const COMMON_FLAGS: readonly string[] = [
  '-O2',
  // The worker parses packets from anyone on the internet.
  '-fstack-protector-strong',
  // Ubuntu's g++ has a level of its own, and a second definition would be an error.
  '-U_FORTIFY_SOURCE',
  '-D_FORTIFY_SOURCE=2',
  '-fPIE',
  // Warnings about third-party sources do not help the operator.
  '-w',
];

export const COMPILE_FLAGS: readonly string[] = [
  '-std=c++20',
  '-DNDEBUG',
  '-DMS_EXECUTABLE',
  '-DFLATBUFFERS_LOCALE_INDEPENDENT=1',
  ...COMMON_FLAGS,
];

export const SRTP_CONFIGURE_FLAGS: readonly string[] = [
  '--enable-openssl',
  `CFLAGS=${COMMON_FLAGS.join(' ')}`,
];

/** libsrtp tests each cipher and hash when it starts. */
export const SRTP_SELF_TEST = `#include <srtp2/srtp.h>
int main() { return srtp_init(); }
`;

export const LINK_FLAGS: readonly string[] = [
  '-pie',
  '-Wl,-z,relro,-z,now',
  '-Wl,--no-undefined',
  '-Wl,--as-needed',
];

/** Hexadecimal digits in a folder's name: short to read, and no two builds will ever share them. */
const HASH_LENGTH = 16;

export interface WorkerSources {
  /** Relative to the package's `worker/` folder. These use the precompiled header. */
  worker: string[];
  /** libwebrtc's bandwidth estimator, which must not see the worker's headers. */
  libwebrtc: string[];
  /** -D flags that follow from the options. */
  defines: string[];
}

/** Reads the lists of sources out of the package's Meson files, as `meson` on Linux would. */
export function readWorkerSources(workerFolder: string): WorkerSources {
  const read = (...path: string[]) => readFileSync(join(workerFolder, ...path), 'utf8');
  const facts: MesonFacts = {
    options: parseMesonOptions(read('meson_options.txt')),
    system: 'linux',
    endian: endianness() === 'LE' ? 'little' : 'big',
  };
  const main = read('meson.build');
  const libwebrtcFolder = 'deps/libwebrtc';
  const libwebrtc = facts.options.get('ms_use_builtin_bwe')
    ? []
    : parseMesonList(read(libwebrtcFolder, 'meson.build'), 'libwebrtc_sources', facts);
  return {
    worker: [...parseMesonList(main, 'common_sources', facts), 'src/main.cpp'],
    libwebrtc: libwebrtc.map((path) => `${libwebrtcFolder}/${path}`),
    defines: parseMesonList(main, 'cpp_args', facts),
  };
}

/** What to link besides the objects, for `pkg-config --libs`. */
export function linkedModules(srtp: SrtpOrigin): string[] {
  return PKG_CONFIG_MODULES.filter((name) => srtp === 'distribution' || name !== SRTP_MODULE);
}

/**
 * Names a build: the same inputs give the same name. `packageVersions` are in it because a binary
 * holds inline code of the headers it was compiled with and needs the libraries' sonames. One of them is the
 * version of libsrtp's sources.
 */
export function buildHash(packageVersions: ReadonlyMap<string, string>, srtp: SrtpOrigin): string {
  const hash = createHash('sha256');
  const flags = [FLATC_FLAGS, COMPILE_FLAGS, LINK_FLAGS, linkedModules(srtp), SOURCE_FIXES];
  const srtpFlags = srtp === 'source' ? SRTP_CONFIGURE_FLAGS : [];
  hash.update(JSON.stringify([flags, srtp, srtpFlags, [...packageVersions].sort()]));
  const headers = readdirSync(COMPAT_FOLDER, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const path of headers) hash.update(readFileSync(path));
  return hash.digest('hex').slice(0, HASH_LENGTH);
}

export function hashText(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, HASH_LENGTH);
}

// Builds mediasoup-worker from the sources in its npm package against Debian's libraries.

import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from '../host/run.ts';
import { formatElapsed, type Reporter } from '../progress.ts';
import {
  COMPAT_FOLDER,
  COMPILE_FLAGS,
  FLATC_FLAGS,
  LINK_FLAGS,
  linkedModules,
  PKG_CONFIG_MODULES,
  PRECOMPILED_HEADER,
  readWorkerSources,
  SOURCE_FIXES,
  type SrtpOrigin,
} from './recipe.ts';
import { applySourceFix } from './source-fix.ts';
import { buildSrtp } from './srtp.ts';
import { failed, tool, words } from './tool.ts';

export interface BuildOptions {
  /** The `worker` folder of the mediasoup package. Only read. */
  workerFolder: string;
  /** An empty folder to work in; the caller removes it. Holds about 250 MB at the end. */
  buildFolder: string;
  reporter: Reporter;
  signal?: AbortSignal | undefined;
}

export interface BuiltWorker {
  path: string;
  srtp: SrtpOrigin;
}

/** In the folder of a build: mended copies, with the paths that they have in the package. */
const FIXED_FOLDER = 'fixed';
/** Memory of one g++ at its worst: a small machine with many cores must not swap. */
const MEMORY_PER_COMPILER_BYTES = 700 * 1024 * 1024;

/** Throws ProvisionError with the compiler's first error. */
export async function buildWorker(options: BuildOptions): Promise<BuiltWorker> {
  const { workerFolder, buildFolder, reporter, signal } = options;
  const phases: string[] = [];
  const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const startedAt = performance.now();
    const result = await work();
    phases.push(`${name} ${formatElapsed(performance.now() - startedAt)}`);
    return result;
  };
  const inFolder = { cwd: buildFolder, signal };
  const pkgConfig = async (what: string, modules: readonly string[]): Promise<string[]> =>
    words(await tool('pkg-config', [what, ...modules], inFolder));

  // First, so that what its absence costs is known before the minutes that follow.
  const srtpArchive = await timed('libsrtp', () => buildSrtp(options));
  const srtp = srtpArchive === undefined ? 'distribution' : 'source';
  await timed('schemas', async () => {
    const schemas = (await readdir(join(workerFolder, 'fbs'))).filter((n) => n.endsWith('.fbs'));
    const paths = schemas.map((name) => join(workerFolder, 'fbs', name));
    await mkdir(join(buildFolder, 'FBS'));
    await tool('flatc', [...FLATC_FLAGS, '-o', 'FBS', ...paths], inFolder);
  });
  const fixed = await writeFixedSources(workerFolder, buildFolder);
  const sources = readWorkerSources(workerFolder);
  const compileFlags = [
    ...COMPILE_FLAGS,
    ...sources.defines,
    ...(await pkgConfig('--cflags', PKG_CONFIG_MODULES)),
    `-I${COMPAT_FOLDER}`,
    // Before the package's own, which it stands in for.
    `-I${join(buildFolder, FIXED_FOLDER, 'include')}`,
    `-I${buildFolder}`,
    ...['include', 'deps/libwebrtc', 'deps/libwebrtc/libwebrtc'].map(
      (folder) => `-I${join(workerFolder, folder)}`,
    ),
  ];

  const objects: string[] = [];
  const compile = async (path: string, extraFlags: readonly string[]): Promise<void> => {
    const object = `${path.replaceAll('/', '_')}.o`;
    const input = fixed.get(path) ?? join(workerFolder, path);
    const args = [...compileFlags, '-c', input, '-o', object];
    let result = await run('g++', [...extraFlags, ...args], inFolder);
    if (result.code !== 0 && extraFlags.length > 0) {
      // The precompiled header only saves time: a file that fails with it is compiled without.
      result = await run('g++', args, inFolder);
    }
    if (result.code !== 0) throw failed(`compiling ${path} failed`, result);
    objects.push(object);
  };
  await timed('compiler', async () => {
    const header = precompile(compileFlags, options);
    // Awaited later. Until then its failure must not count as unhandled.
    header.catch(() => {});
    const jobs = [
      ...(await largestFirst(workerFolder, sources.libwebrtc)).map(
        (path) => () => compile(path, []),
      ),
      ...(await largestFirst(workerFolder, sources.worker)).map(
        (path) => async () => compile(path, await header),
      ),
    ];
    const step = reporter.step('Compiling mediasoup-worker');
    try {
      step.update(0, jobs.length);
      await inParallel(jobs, parallelJobs(), () => step.update(objects.length, jobs.length));
    } finally {
      step.close();
      await Promise.allSettled([header]);
    }
  });
  const binary = join(buildFolder, 'mediasoup-worker');
  await timed('linker', async () => {
    const libraries = await pkgConfig('--libs', linkedModules(srtp));
    // An archive comes before the libraries that it needs.
    const inputs = [...objects.sort(), ...(srtpArchive === undefined ? [] : [srtpArchive])];
    await tool('g++', [...inputs, '-o', binary, ...LINK_FLAGS, ...libraries], inFolder);
  });
  reporter.line(`Compiled ${objects.length} files (${phases.join(', ')}).`);
  return { path: binary, srtp };
}

/** Copies of the sources and headers that need mending, mended. The package itself is left as it is. */
async function writeFixedSources(workerFolder: string, folder: string) {
  const fixed = new Map<string, string>();
  for (const fix of SOURCE_FIXES) {
    const path = fixed.get(fix.file) ?? join(workerFolder, fix.file);
    const copy = join(folder, FIXED_FOLDER, fix.file);
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(copy, applySourceFix(await readFile(path, 'utf8'), fix));
    fixed.set(fix.file, copy);
  }
  return fixed;
}

/** Resolves with the flags that use the header; with none when it could not be compiled. */
async function precompile(
  compileFlags: readonly string[],
  { buildFolder, reporter, signal }: BuildOptions,
): Promise<string[]> {
  const source = join(COMPAT_FOLDER, PRECOMPILED_HEADER);
  const args = [...compileFlags, '-x', 'c++-header', source, '-o', `${PRECOMPILED_HEADER}.gch`];
  const result = await run('g++', args, { cwd: buildFolder, signal });
  if (result.code !== 0) {
    const { message } = failed('compiling the common headers once failed', result);
    reporter.line(`This build takes twice as long, because ${message}`);
    return [];
  }
  // g++ takes the .gch next to the included file, without reading that file.
  const header = join(buildFolder, PRECOMPILED_HEADER);
  await writeFile(header, '#error "precompiled header not used"\n');
  return ['-include', header];
}

/** The largest files first, so that no long one is left at the end. */
async function largestFirst(folder: string, paths: readonly string[]): Promise<string[]> {
  const sized = paths.map(async (path) => ({ path, size: (await stat(join(folder, path))).size }));
  return (await Promise.all(sized)).sort((a, b) => b.size - a.size).map(({ path }) => path);
}

function parallelJobs(): number {
  const byMemory = Math.floor(process.availableMemory() / MEMORY_PER_COMPILER_BYTES);
  return Math.max(1, Math.min(availableParallelism(), byMemory));
}

/** Runs the jobs, at most `limit` at a time. After the first failure, starts no more and throws it. */
async function inParallel(
  jobs: readonly (() => Promise<void>)[],
  limit: number,
  onDone: () => void,
): Promise<void> {
  const queue = jobs.values();
  let failure: { error: unknown } | undefined;
  const lane = async (): Promise<void> => {
    for (const job of queue) {
      if (failure) return;
      try {
        await job();
        onDone();
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  if (failure) throw failure.error;
}

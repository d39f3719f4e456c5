// Builds the page when what is in client/dist is missing or older than its sources, and only then.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const CLIENT = fileURLToPath(new URL('.', import.meta.url));
const PROJECT = join(CLIENT, '..');
const DIST = join(CLIENT, 'dist');
/** What client/dist was built from. Its leading dot keeps the web server from serving it. */
const STAMP = '.inputs';
const COMPRESSIBLE = /\.(?:html|js|css|svg|webmanifest)$/;
const INPUTS = ['client', 'shared', 'package-lock.json', 'tsconfig.json'];

type Vite = typeof import('vite');

export interface ClientBuild {
  /** Where index.html and assets/ are. */
  dir: string;
  /** False when what was there was used as it is. */
  built: boolean;
}

export interface EnsureClientOptions {
  /** Told what happens, in a line each. */
  log?: (line: string) => void;
}

let running: Promise<ClientBuild> | undefined;

/**
 * Makes sure that client/dist holds the page as its sources are now. Costs a few milliseconds when
 * it does already. Without Vite (an install without development dependencies) the page is used as
 * it was built before.
 *
 * @throws Error when there is no page and no way to build one, or when the build fails.
 */
export function ensureClient(options: EnsureClientOptions = {}): Promise<ClientBuild> {
  running ??= ensure(options.log ?? (() => {})).finally(() => {
    running = undefined;
  });
  return running;
}

async function ensure(log: (line: string) => void): Promise<ClientBuild> {
  const present = existsSync(join(DIST, 'index.html'));
  const inputs = await hashInputs();
  if (present && (await readStamp()) === inputs) return { dir: DIST, built: false };
  const vite = await importVite();
  if (!vite) {
    if (present) return { dir: DIST, built: false };
    throw new Error(
      'The page has not been built, and Vite, which builds it, is not installed. ' +
        'Run `npm ci` without `--omit=dev`, or `node client/build.ts` before removing it.',
    );
  }
  log('Building the page…');
  const startedAt = performance.now();
  // Below node_modules (Vite is there, so it exists): the same file system, so that a rename is
  // enough. Processes that build at the same time each have a folder of their own.
  const output = await mkdtemp(join(PROJECT, 'node_modules', '.parley-page-'));
  try {
    await vite.build({
      configFile: join(CLIENT, 'vite.config.ts'),
      logLevel: 'warn',
      build: { outDir: output },
    });
    await buildEmbed(vite, output);
    await compress(output);
    await writeFile(join(output, STAMP), inputs);
    // A temporary folder is readable by its owner only, and the server may run as another user.
    await chmod(output, 0o755);
    await replaceDist(output);
  } finally {
    await rm(output, { recursive: true, force: true });
  }
  log(`The page is built (${((performance.now() - startedAt) / 1000).toFixed(1)} s).`);
  return { dir: DIST, built: true };
}

/** The script for pages that show a call in a frame: one file, under a name that stays. */
async function buildEmbed({ build }: Pick<Vite, 'build'>, outDir: string): Promise<void> {
  await build({
    configFile: join(CLIENT, 'vite.config.ts'),
    logLevel: 'warn',
    build: {
      outDir,
      emptyOutDir: false,
      copyPublicDir: false,
      rolldownOptions: {
        input: join(CLIENT, 'embed/served.ts'),
        output: { entryFileNames: 'embed.js', codeSplitting: false },
      },
    },
  });
}

/** Once here, as small as it gets, instead of in every answer: `x.js` also as `x.js.br` and `x.js.gz`. */
async function compress(dir: string): Promise<void> {
  const files = (await list(dir)).filter((file) => COMPRESSIBLE.test(file));
  await Promise.all(
    files.map(async (file) => {
      const content = await readFile(file);
      const quality = {
        params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
      };
      await writeFile(`${file}.br`, await promisify(brotliCompress)(content, quality));
      await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
    }),
  );
}

async function replaceDist(output: string): Promise<void> {
  const old = `${output}.old`;
  await rename(DIST, old).catch(ignoreMissing);
  try {
    await rename(output, DIST);
  } catch (error) {
    // Another process put its own there between the two renames: it is as good as ours.
    if (!existsSync(join(DIST, 'index.html'))) throw error;
  }
  await rm(old, { recursive: true, force: true });
}

async function importVite(): Promise<Vite | undefined> {
  try {
    return await import('vite');
  } catch (error) {
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

async function readStamp(): Promise<string | undefined> {
  return readFile(join(DIST, STAMP), 'utf8').catch(ignoreMissing);
}

/** A hash over the names and contents of everything that the page is made from. */
async function hashInputs(): Promise<string> {
  const files = (await Promise.all(INPUTS.map((path) => list(join(PROJECT, path))))).flat().sort();
  const contents = await Promise.all(files.map((file) => readFile(file)));
  const hash = createHash('sha256');
  for (const [index, file] of files.entries()) {
    hash.update(`${relative(PROJECT, file)}\0`);
    hash.update(contents[index] ?? '').update('\0');
  }
  return hash.digest('hex');
}

async function list(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOTDIR') return undefined;
    return ignoreMissing(error) ?? [];
  });
  if (entries === undefined) return [path];
  const lists = entries
    .filter(({ name }) => !name.startsWith('dist') && !name.startsWith('.'))
    .map((entry) => {
      const child = join(path, entry.name);
      return entry.isDirectory() ? list(child) : [child];
    });
  return (await Promise.all(lists)).flat();
}

function ignoreMissing(error: unknown): undefined {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

if (import.meta.main) {
  const { dir, built } = await ensureClient({ log: (line) => console.log(line) });
  if (!built) console.log(`The page in ${relative(process.cwd(), dir)} is up to date.`);
}

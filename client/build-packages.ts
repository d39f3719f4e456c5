// Builds what the npm packages hold: JavaScript and declarations, made from the sources by TypeScript alone. A file stays
// a file, so that whoever bundles them takes what they use.
//
//   node client/build-packages.ts [sdk] [embed]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { findPackageJSON } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLIENT = fileURLToPath(new URL('.', import.meta.url));
const PROJECT = join(CLIENT, '..');
const PACKAGES = ['sdk', 'embed'] as const;
type PackageName = (typeof PACKAGES)[number];

/** TypeScript leaves these as they are: imports in declarations, and addresses of workers. */
const SOURCE_NAMES = /(\bfrom |\bimport\(|\bnew URL\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g;

/**
 * Makes `client/<name>/dist`.
 *
 * @param tsc the compiler's file
 * @throws Error when the sources do not compile
 */
async function buildPackage(tsc: string, name: PackageName): Promise<void> {
  const folder = join(CLIENT, name);
  // Below node_modules, on the same file system: one rename replaces the package, and no packer finds half of it.
  const output = await mkdtemp(join(PROJECT, 'node_modules', '.parley-package-'));
  try {
    await compile(tsc, join(folder, 'tsconfig.package.json'), output);
    const files = await readdir(output, { recursive: true });
    for (const file of files.filter((path) => /\.(js|d\.ts)$/.test(path))) {
      const path = join(output, file);
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.replace(SOURCE_NAMES, '$1$2$3.js$2'));
    }
    await copyFile(join(PROJECT, 'LICENSE'), join(output, 'LICENSE'));
    const dist = join(folder, 'dist');
    await rm(dist, { recursive: true, force: true });
    await rename(output, dist);
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}

/** Undefined: an install without development dependencies, which cannot make packages and needs none. */
function compiler(): string | undefined {
  const manifest = findPackageJSON('typescript', import.meta.url);
  return manifest && join(manifest, '../bin/tsc');
}

async function compile(tsc: string, project: string, outDir: string): Promise<void> {
  const child = spawn(process.execPath, [tsc, '--project', project, '--outDir', outDir], {
    stdio: ['ignore', 2, 2],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${project} does not compile.`);
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const unknown = asked.filter((name) => !PACKAGES.some((known) => known === name));
  if (unknown.length > 0) {
    console.error(`There is no package ${unknown.join(', ')}. There are: ${PACKAGES.join(', ')}.`);
    process.exit(2);
  }
  const tsc = compiler();
  if (!tsc) console.log('Without TypeScript no packages are made. Run `npm ci` to have it.');
  for (const name of PACKAGES) {
    if (tsc && (asked.length === 0 || asked.includes(name))) await buildPackage(tsc, name);
  }
}

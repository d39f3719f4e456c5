// Builds what the npm packages hold: JavaScript and declarations, made from the sources by TypeScript alone. A file stays
// a file, so that whoever bundles them takes what they use.
//
//   node client/build-packages.ts [sdk] [embed]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLIENT = fileURLToPath(new URL('.', import.meta.url));
const PROJECT = join(CLIENT, '..');
export const PACKAGES = ['sdk', 'embed'] as const;
export type PackageName = (typeof PACKAGES)[number];

/** TypeScript leaves these as they are: imports in declarations, and addresses of workers. */
const SOURCE_NAMES = /(\bfrom |\bimport\(|\bnew URL\()(['"])(\.{1,2}\/[^'"]+)\.ts\2/g;

/** Makes `client/<name>/dist`. @throws Error when the sources do not compile */
export async function buildPackage(name: PackageName): Promise<void> {
  const folder = join(CLIENT, name);
  // The same file system, so that a rename is enough: whoever packs meanwhile gets the package of before, whole.
  const output = await mkdtemp(join(PROJECT, 'node_modules', '.parley-package-'));
  try {
    await compile(join(folder, 'tsconfig.package.json'), output);
    const files = await readdir(output, { recursive: true });
    for (const file of files.filter((path) => /\.(js|d\.ts)$/.test(path))) {
      const path = join(output, file);
      const text = await readFile(path, 'utf8');
      await writeFile(path, text.replace(SOURCE_NAMES, '$1$2$3.js$2'));
    }
    const dist = join(folder, 'dist');
    await rm(dist, { recursive: true, force: true });
    await rename(output, dist);
  } finally {
    await rm(output, { recursive: true, force: true });
  }
}

async function compile(project: string, outDir: string): Promise<void> {
  const tsc = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(
    'package.json',
    'bin/tsc',
  );
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
  for (const name of PACKAGES) {
    if (asked.length === 0 || asked.includes(name)) await buildPackage(name);
  }
}

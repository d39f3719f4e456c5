// The project's folders for tests: its code files, and the contents of each README.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Zone, zoneOf } from './imports.ts';

export const ROOT = path.resolve(import.meta.dirname, '../../..');

/** Code that is shipped, or that runs what is shipped. Paths from the repository's root. */
export function codeFiles(): string[] {
  return globSync('{server,shared,client,native,deploy/local}/**/*.{ts,tsx,css,lua}', {
    cwd: ROOT,
    exclude: (name) => /(^|\/)(dist|node_modules)$/.test(name),
  }).sort();
}

/** All files that are maintained as code, tests and benchmarks included. */
export function allCode(): string[] {
  const others = globSync('{test,bench}/**/*.{ts,tsx}', { cwd: ROOT });
  return [...codeFiles(), ...others].sort();
}

/** The folders that hold these files, and the folders above them. */
export function foldersOf(files: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const file of files) {
    for (let at = path.posix.dirname(file); at !== '.'; at = path.posix.dirname(at)) {
      folders.add(at);
    }
  }
  return [...folders].sort();
}

/** @returns undefined where there is none */
export function readmeOf(folder: string): string | undefined {
  const file = path.join(ROOT, folder, 'README.md');
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

export function readZones(): Zone[] {
  return foldersOf(codeFiles()).flatMap((folder) => zoneOf(folder, readmeOf(folder) ?? '') ?? []);
}

// Reads what a source file imports, and holds it to who may import whom.
import { builtinModules } from 'node:module';
import path from 'node:path';

export interface Import {
  /** As written. */
  specifier: string;
  /** A path from the repository's root, or the name of a package. */
  target: string;
  /** Erased before it runs. */
  isType: boolean;
}

const STATEMENT =
  /\b(?:import|export)\s+(type\s+)?(?:[\w*\s{},$]*?\bfrom\s*)?(['"])([^'"\n]+)\2|\bimport\s*\(\s*(['"])([^'"\n]+)\4/g;

/** @param file path from the repository's root */
export function importsOf(file: string, source: string): Import[] {
  return [...withoutComments(source).matchAll(STATEMENT)].map((match) => {
    const specifier = match[3] ?? match[5] ?? '';
    return { specifier, target: resolve(file, specifier), isType: match[1] !== undefined };
  });
}

function resolve(file: string, specifier: string): string {
  if (specifier.startsWith('.')) return path.posix.join(path.posix.dirname(file), specifier);
  if (builtinModules.includes(specifier)) return `node:${specifier}`;
  const [scope = '', name = ''] = specifier.split('/');
  return specifier.startsWith('@') ? `${scope}/${name}` : scope;
}

/** Also takes what looks like a comment inside a string, which imports nothing either. */
export function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|(^|[^:'"`\\])\/\/[^\n]*/g, '$1');
}

/** The imports that a folder's README permits. It holds for all folders below it as well. */
export interface Zone {
  /** Where its files are, with a slash at the end. */
  folder: string;
  /** Folders, files and packages that it may import; its own files it always may. */
  may: readonly string[];
  /** Parts whose types it may import, without running any of them. */
  mayKnow: readonly string[];
}

/** Anything that is not a file of ours. */
const PACKAGES = 'packages';
const NODE = 'Node.js';

/** @returns undefined for a folder whose README leaves it to the folder above */
export function zoneOf(folder: string, readme: string): Zone | undefined {
  const listed = (label: string) =>
    (new RegExp(`^- ${label}: (.+)\\.$`, 'm').exec(readme)?.[1] ?? '')
      .split(', ')
      .map((name) => name.replaceAll('`', ''))
      .filter((name) => name !== '')
      .map((name) => (/^(server|shared|client|native)\b/.test(name) ? `${name}/` : name));
  const may = listed('May import');
  if (may.length === 0) return undefined;
  return { folder: `${folder}/`, may, mayKnow: listed('May know the types of') };
}

/** Packages that only these files and folders may import, or know. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  mediasoup: /^(server\/sfu\/|native\/|bench\/)/,
  'mediasoup-client': /^(client\/sdk\/|bench\/)/,
  'node-datachannel': /^client\/load\//,
  fastify: /^server\/(signaling|api)\//,
  '@fastify/websocket': /^server\/signaling\//,
  redis: /^server\/cluster\/redis\/link\//,
  ioredis: /^server\/cluster\/redis\/link\//,
  '@redis/client': /^server\/cluster\/redis\/link\//,
  valibot: /^(shared|server)\//,
};

/** Files that import each other in a circle, types included; each circle once. */
export function circles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    const at = way.indexOf(file);
    if (at >= 0) found.push([...way.slice(at), file]);
    if (at >= 0 || done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...way, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return found;
}

/** They read the environment and put everything together. */
const ENTRIES = /^server\/entries\/(all-in-one|web|sfu-rtc|worker|recorder|parley|health)\.ts$/;
const COMPOSITION = /^server\/entries\/compose[\w-]*\.ts$/;

/** Breaches of the architecture in this file, in sentences. */
export function violations(file: string, source: string, zones: readonly Zone[]): string[] {
  const zone = zones
    .filter(({ folder }) => file.startsWith(folder))
    .sort((a, b) => b.folder.length - a.folder.length)[0];
  const code = withoutComments(source);
  const found = importsOf(file, source).flatMap(({ target, isType }) => {
    const owner = OWNERS[target];
    // A composition may name the types of the parts that it puts together.
    if (owner && !owner.test(file) && !(isType && COMPOSITION.test(file))) {
      return [`${file} imports ${target}, which is for ${owner.source} only`];
    }
    if (/^test\//.test(target)) return [`${file} imports a test's ${target}`];
    if (!zone || allows(zone, target, isType)) return [];
    return [`${file} imports ${target}, which ${zone.folder} may not`];
  });
  if (/^(server|shared|client\/sdk)\//.test(file) && !ENTRIES.test(file)) {
    if (/\bprocess\s*\.\s*env\b/.test(code)) found.push(`${file} reads process.env`);
    if (/(?<!function )\bloadConfig\s*\(/.test(code)) found.push(`${file} calls loadConfig`);
  }
  if (file.startsWith('shared/') && /\b(window|document|navigator|process)\.\w/.test(code)) {
    found.push(`${file} uses what only a browser, or only Node, has`);
  }
  return found;
}

function allows({ folder, may, mayKnow }: Zone, target: string, isType: boolean): boolean {
  const isOurs = /^(server|shared|client|native|test|bench)\//.test(target);
  const isNode = target.startsWith('node:');
  if (target.startsWith(folder)) return true;
  return [...may, ...(isType ? mayKnow : [])].some((allowed) => {
    if (allowed === PACKAGES) return !isOurs && !isNode;
    if (allowed === NODE) return isNode;
    return allowed.endsWith('/') ? target.startsWith(allowed) : target === allowed;
  });
}

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

interface Zone {
  /** Where its files are. */
  folder: string;
  /** Folders, files and packages that it may import; its own files it always may. */
  may: readonly string[];
  /** What it may know the types of, without running any of it. */
  mayKnow?: readonly string[];
}

/** Anything that is not a file of ours. */
const PACKAGES = '(any package)';
const NODE = '(node:)';

const ZONES: readonly Zone[] = [
  { folder: 'shared/', may: ['valibot'] },
  { folder: 'client/sdk/', may: ['shared/', 'mediasoup-client'] },
  { folder: 'client/ui/', may: ['client/sdk/', 'shared/', PACKAGES] },
  {
    folder: 'server/signaling/',
    may: [
      'server/api/',
      'server/cluster/',
      'server/room/',
      'server/turn/',
      'server/telemetry/',
      'shared/',
      PACKAGES,
      NODE,
    ],
    mayKnow: ['server/config/config.ts'],
  },
  {
    folder: 'server/sfu/',
    may: [
      'server/cluster/',
      'server/room/',
      'server/recording/',
      'server/turn/',
      'server/telemetry/',
      'shared/',
      PACKAGES,
      NODE,
    ],
    mayKnow: ['server/config/config.ts'],
  },
  // Pure decisions about a room. It knows what the store holds, and runs none of it.
  { folder: 'server/room/', may: ['shared/'], mayKnow: ['server/cluster/'] },
  {
    folder: 'server/api/',
    may: ['server/cluster/', 'server/turn/', 'server/telemetry/', 'shared/', PACKAGES, NODE],
    mayKnow: ['server/config/config.ts'],
  },
  {
    folder: 'server/cluster/',
    may: ['server/room/', 'server/telemetry/', 'shared/', PACKAGES, NODE],
    mayKnow: ['server/config/config.ts'],
  },
  {
    folder: 'server/turn/',
    may: ['server/cluster/', 'server/telemetry/', 'shared/', PACKAGES, NODE],
    mayKnow: ['server/config/config.ts'],
  },
  {
    folder: 'server/doctor/',
    may: [
      'server/cluster/',
      'server/sfu/',
      'server/turn/',
      'server/telemetry/',
      'native/',
      'shared/',
      PACKAGES,
      NODE,
    ],
    mayKnow: ['server/config/config.ts'],
  },
  { folder: 'server/telemetry/', may: ['shared/', PACKAGES, NODE] },
  { folder: 'native/', may: [PACKAGES, NODE] },
];

/** Packages that only these files and folders may import, or know. */
const OWNERS: Readonly<Record<string, RegExp>> = {
  mediasoup: /^(server\/sfu\/|native\/|bench\/)/,
  'mediasoup-client': /^(client\/sdk\/|bench\/)/,
  fastify: /^server\/(signaling|api)\//,
  '@fastify/websocket': /^server\/signaling\//,
  redis: /^server\/cluster\/redis\/link\//,
  ioredis: /^server\/cluster\/redis\/link\//,
  '@redis/client': /^server\/cluster\/redis\/link\//,
  valibot: /^(shared|server)\//,
};

/** They read the environment and put everything together. */
const ENTRIES = /^server\/entries\/(all-in-one|web|sfu-rtc|parley|health)\.ts$/;
const COMPOSITION = /^server\/entries\/compose[\w-]*\.ts$/;

/** What in this file goes against the architecture, in sentences. */
export function violations(file: string, source: string): string[] {
  const zone = ZONES.find(({ folder }) => file.startsWith(folder));
  const code = withoutComments(source);
  const found = importsOf(file, source).flatMap(({ target, isType }) => {
    const owner = OWNERS[target];
    // What is put together may be named by its type.
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

function allows({ folder, may, mayKnow = [] }: Zone, target: string, isType: boolean): boolean {
  const isOurs = /^(server|shared|client|native|test|bench)\//.test(target);
  const isNode = target.startsWith('node:');
  if (target.startsWith(folder)) return true;
  return [...may, ...(isType ? mayKnow : [])].some((allowed) => {
    if (allowed === PACKAGES) return !isOurs && !isNode;
    if (allowed === NODE) return isNode;
    return allowed.endsWith('/') ? target.startsWith(allowed) : target === allowed;
  });
}

// A Lua script: read from its file once, with what it includes, under the digest that Redis knows it by.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.resolve(import.meta.dirname, '../../lua');

export interface RedisScript<Argument extends string = string> {
  readonly text: string;
  readonly sha: string;
  /** Names of its keys and arguments, in the order in which it takes them. */
  readonly keys: readonly string[];
  readonly args: readonly Argument[];
}

/** A value for each argument. True is `1`, false is `0`. */
export type ScriptValues<Argument extends string> = Readonly<
  Record<Argument, string | number | boolean>
>;

const INCLUDE = /^-- @include (\S+)$/gm;
const UNPACKED = /^local ([A-Z0-9_,\s]+?)\s*=\s*unpack\((KEYS|ARGV)(?:, (\d+))?\)$/gm;

/**
 * @param file below server/cluster/lua, without its ending. It unpacks what is named here under the
 *   same names, in capitals: `leaseMs` is LEASE_MS.
 * @throws Error when it unpacks anything else
 */
export function loadScript<const Argument extends string>(
  file: string,
  keys: readonly string[],
  args: readonly Argument[],
): RedisScript<Argument> {
  const text = withIncludes(path.join(FOLDER, `${file}.lua`), new Set());
  for (const [list, names] of [['KEYS', keys] as const, ['ARGV', args] as const]) {
    const expected = names.map(inCapitals).join(' ');
    const actual = unpacked(text, list).join(' ');
    if (actual !== expected) {
      throw new Error(`${file}.lua unpacks ${list} as "${actual}", and gets "${expected}"`);
    }
  }
  return { text, sha: createHash('sha1').update(text).digest('hex'), keys, args };
}

/** What a script gets as ARGV: the values in its order. */
export function argumentsOf<Argument extends string>(
  { args }: RedisScript<Argument>,
  values: ScriptValues<Argument>,
): string[] {
  return args.map((name) => {
    const value = values[name];
    return typeof value === 'boolean' ? String(Number(value)) : String(value);
  });
}

/** Each file once, where it is included first. */
function withIncludes(file: string, included: Set<string>): string {
  if (included.has(file)) return '';
  included.add(file);
  return readFileSync(file, 'utf8').replace(INCLUDE, (_, name: string) =>
    withIncludes(path.join(path.dirname(file), name), included),
  );
}

function unpacked(text: string, list: string): string[] {
  const names: string[] = [];
  for (const [, found = '', from, first = '1'] of text.matchAll(UNPACKED)) {
    if (from === list) names.splice(Number(first) - 1, Infinity, ...found.split(/,\s*/));
  }
  return names;
}

function inCapitals(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

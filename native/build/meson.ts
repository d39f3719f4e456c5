// Reads the worker's source lists out of its Meson files, so that a new mediasoup needs no new list.

import { ProvisionError } from '../errors.ts';

/** The facts that conditions in the worker's Meson files test. */
export interface MesonFacts {
  options: ReadonlyMap<string, boolean>;
  /** As Meson names it: "linux", "darwin", "windows". */
  system: string;
  endian: 'little' | 'big';
}

/** The boolean options of a meson_options.txt, with their defaults. */
export function parseMesonOptions(text: string): Map<string, boolean> {
  const options = new Map<string, boolean>();
  const pattern = /^option\('(\w+)',\s*type:\s*'boolean',\s*value:\s*(true|false)/gm;
  for (const [, name, value] of text.matchAll(pattern)) {
    if (name) options.set(name, value === 'true');
  }
  return options;
}

/**
 * The strings of `name = [ … ]` and of every `name += [ … ]` under an `if` that is true.
 * Understands the little of Meson that the worker's lists use, and throws ProvisionError on more:
 * a list guessed wrong would only show in the linker, or not at all.
 */
export function parseMesonList(text: string, name: string, facts: MesonFacts): string[] {
  const result: string[] = [];
  let found = false;
  // For each open `if`: the conditions of its branches so far.
  const branches: { condition: string; negated: boolean; taken: string[] }[] = [];
  const holds = () =>
    branches.every(
      ({ condition, negated, taken }) =>
        !taken.some((earlier) => evaluate(earlier, facts)) &&
        (negated || evaluate(condition, facts)),
    );
  const lines = text.split('\n').map(withoutComment);
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index]?.trim() ?? '';
    const [, keyword, condition = ''] = /^(if|elif|else|endif)\b\s*(.*)$/.exec(line) ?? [];
    const branch = branches.at(-1);
    if (keyword === 'if') {
      branches.push({ condition, negated: false, taken: [] });
    } else if (keyword === 'endif') {
      branches.pop();
    } else if (keyword && branch) {
      branch.taken.push(branch.condition);
      branch.condition = condition;
      branch.negated = keyword === 'else';
    }
    const assignment = new RegExp(`^${name}\\s*(\\+?=)\\s*\\[(.*)$`).exec(line);
    if (!assignment) continue;
    let body = assignment[2] ?? '';
    while (!body.includes(']')) {
      index += 1;
      const next = lines[index];
      if (next === undefined) throw unexpected(name, 'its list does not end');
      body += ` ${next.trim()}`;
    }
    found = true;
    if (!holds()) continue;
    if (assignment[1] === '=') result.length = 0;
    result.push(...elements(body.slice(0, body.indexOf(']')), name, facts));
  }
  if (!found) throw unexpected(name, 'it is not there');
  return result;
}

function elements(body: string, name: string, facts: MesonFacts): string[] {
  return body
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '')
    .map((element) => {
      const literal = /^'([^']*)'$/.exec(element);
      if (literal) return literal[1] ?? '';
      const choice = /^(.+?) \? '([^']*)' : '([^']*)'$/.exec(element);
      if (!choice) throw unexpected(name, `it holds "${element}"`);
      return (evaluate(choice[1] ?? '', facts) ? choice[2] : choice[3]) ?? '';
    });
}

function evaluate(condition: string, facts: MesonFacts): boolean {
  const negation = /^not (.+)$/.exec(condition);
  if (negation) return !evaluate(negation[1] ?? '', facts);
  const option = /^get_option\('(\w+)'\)$/.exec(condition);
  if (option) {
    const value = facts.options.get(option[1] ?? '');
    if (value !== undefined) return value;
  }
  const machine = /^host_machine\.(system|endian)\(\) == '(\w+)'$/.exec(condition);
  if (machine) return facts[machine[1] === 'system' ? 'system' : 'endian'] === machine[2];
  throw new ProvisionError(
    `the worker's meson.build has a condition that native/build/meson.ts cannot judge: "${condition}"`,
  );
}

/** No string in these files holds a "#". */
function withoutComment(line: string): string {
  const start = line.indexOf('#');
  return start < 0 ? line : line.slice(0, start);
}

function unexpected(name: string, what: string): ProvisionError {
  return new ProvisionError(
    `cannot read "${name}" in the worker's meson.build, because ${what}: adapt native/build/meson.ts`,
  );
}

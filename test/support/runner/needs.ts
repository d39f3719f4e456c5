// The programs that a test file runs, read from its source and from the helpers that it imports.

import { needOfProgram } from '../process/programs.ts';
import { importsOf, withoutComments } from '../server/imports.ts';
import type { Need } from './parts.ts';

/** Code that uses what a part of the tests must name. */
const MARKS: readonly (readonly [Need, RegExp])[] = [
  ['worker', /\bprovisionWorker\s*\(|\bspawnReplica\(|'server\/all-in-one\.ts'/],
  ['client', /\bensureClient\s*\(|'client\/dist'/],
  ['redis', /'redis-(?:server)'/],
  ['store', /'swift-server\.py'/],
  ['networks', /\bip (?:link|address|netns|route) |\['(?:link|netns|address|route)',/],
];
const PROGRAM = /\bprogramPath\(\s*'(\w+)'/g;

/**
 * @param file path from the repository's root
 * @param read the source of another file of the repository; undefined for what is not there
 * @returns which needs it has, and the first file found that has each
 */
export function needsOf(
  file: string,
  read: (file: string) => string | undefined,
): ReadonlyMap<Need, string> {
  const needs = new Map<Need, string>();
  for (const each of helpersOf(file, read)) {
    const code = withoutComments(read(each) ?? '');
    const found = MARKS.flatMap(([need, mark]) => (mark.test(code) ? [need] : []));
    const programs = [...code.matchAll(PROGRAM)].map(([, name = '']) => needOfProgram(name));
    for (const need of [...found, ...programs]) {
      if (need !== undefined && !needs.has(need)) needs.set(need, each);
    }
  }
  return needs;
}

/** The file itself, and all of the tests' own code that it runs. */
function helpersOf(file: string, read: (file: string) => string | undefined): Set<string> {
  const helpers = new Set([file]);
  // A set visits what is added while it is walked.
  for (const each of helpers) {
    for (const { target, isType } of importsOf(each, read(each) ?? '')) {
      if (!isType && /^(test|deploy)\/.*\.ts$/.test(target)) helpers.add(target);
    }
  }
  return helpers;
}

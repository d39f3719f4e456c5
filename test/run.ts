// `npm test`: every check and test in order, on real workers and browsers, and where the time went.

import { rm } from 'node:fs/promises';
import { watchNpm } from '../native/host/npm-parent.ts';
import { EVIDENCE_FOLDER } from './support/browser/evidence-folder.ts';
import { PARTS, type Part } from './support/runner/parts.ts';
import { prepare } from './support/runner/prepare.ts';
import { NO_TESTS, type PartResult, summary } from './support/runner/report.ts';
import { runPart } from './support/runner/run-part.ts';

const USAGE = `Usage: node test/run.ts [${PARTS.map(({ name }) => name).join('|')} …]`;

function chooseParts(names: readonly string[]): readonly Part[] {
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    console.error(`There is no part called ${unknown.join(' or ')}.\n${USAGE}`);
    process.exit(2);
  }
  return names.length === 0 ? PARTS : PARTS.filter(({ name }) => names.includes(name));
}

function hasFailed({ failed, problems }: PartResult): boolean {
  return failed + problems.length > 0;
}

async function run(parts: readonly Part[], signal: AbortSignal): Promise<PartResult[]> {
  const results: PartResult[] = [];
  const preparation = prepare({ signal });
  let checksFailed = false;
  for (const part of parts) {
    // A tree that does not pass the checks is not worth a browser's time.
    if (signal.aborted || (part.kind === 'tests' && checksFailed)) break;
    const needs = part.kind === 'tests' ? part.needs : [];
    const { preparations, unmet } = await preparation.for(needs);
    results.push(...preparations);
    if (unmet.length > 0) {
      const problems = [`not run, for want of the ${unmet.join(' and the ')}`];
      results.push({ ...NO_TESTS, name: part.name, durationMs: 0, problems });
      continue;
    }
    const result = await runPart(part, signal);
    results.push(result);
    checksFailed ||= part.kind === 'check' && hasFailed(result);
  }
  return results;
}

const parts = chooseParts(process.argv.slice(2));
const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => ending.abort(signal));
}
await watchNpm(process.env, () => ending.abort('SIGTERM'));
// What an earlier run left there would be taken for this one's.
await rm(EVIDENCE_FOLDER, { recursive: true, force: true });
const results = await run(parts, ending.signal);
console.log(summary(results));
process.exitCode = results.some(hasFailed) ? 1 : 0;

// What became of every life, as a table: lifecycles × calls × faults → outcomes. Pure.
import { type ErrorCode, ParleyError } from '../../../../shared/errors.ts';
import { type CallKey, FAULTS, type Fault } from './faulty-cluster.ts';

export interface Outcome {
  lifecycle: string;
  key: CallKey;
  fault: Fault;
  /** What the clients were told, in order; undefined: the life failed. */
  codes: readonly string[] | undefined;
  hit: boolean;
}

/** One word for what the clients noticed. */
function wordOf({ codes, hit }: Outcome): string {
  if (codes === undefined) return 'FAILED';
  if (!hit) return '·';
  if (codes.length === 0) return 'unseen';
  const isAgain = (code: string) => new ParleyError(code as ErrorCode).retryable;
  if (codes.includes('removed')) return 'removed';
  if (codes.every((code) => code === 'shutting_down' || code === 'closed')) return 'moved on';
  return codes.every((code) => isAgain(code) || code === 'closed') ? 'again' : 'anew';
}

export function report(outcomes: readonly Outcome[]): string[] {
  const width = Math.max(...outcomes.map(({ key }) => callName(key).length)) + 2;
  const lines = [`${'call'.padEnd(width + 2)}${FAULTS.map((fault) => fault.padEnd(14)).join('')}`];
  for (const [lifecycle, lives] of groupBy(outcomes, (outcome) => outcome.lifecycle)) {
    lines.push(lifecycle);
    for (const [call, cells] of groupBy(lives, ({ key }) => callName(key))) {
      const words = FAULTS.map((fault) => {
        const found = cells.find((cell) => cell.fault === fault);
        return (found ? wordOf(found) : '').padEnd(14);
      });
      lines.push(`  ${call.padEnd(width)}${words.join('')}`.trimEnd());
    }
  }
  const words = groupBy(outcomes, wordOf);
  const sums = [...words].map(([word, all]) => `${all.length} ${word}`).sort();
  lines.push(`${outcomes.length} lives: ${sums.join(', ')}`);
  return lines;
}

function callName({ name, nth }: CallKey): string {
  return nth === 0 ? name : `${name} (${nth + 1})`;
}

function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one)) ?? [];
    groups.set(keyOf(one), group);
    group.push(one);
  }
  return groups;
}

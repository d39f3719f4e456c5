// The report of the doctor: a line for each finding, and the cause and remedy of a fault.
import type { Finding, FindingState } from './finding.ts';

const MARKS: Readonly<Record<FindingState, string>> = {
  ok: '✓',
  warning: '!',
  failed: '✗',
  skipped: '–',
};

export function linesOf({ state, check, subject, detail, cause, remedy }: Finding): string[] {
  const what = subject === undefined ? check : `${check} ${subject}`;
  return [
    `${MARKS[state]} ${what}: ${detail}`,
    ...(cause === undefined ? [] : [`    cause:  ${cause}`]),
    ...(remedy === undefined ? [] : [`    remedy: ${remedy}`]),
  ];
}

export function summaryOf(findings: readonly Finding[]): string {
  const count = (state: FindingState) => findings.filter((found) => found.state === state).length;
  const [failures, warnings] = [count('failed'), count('warning')];
  if (failures > 0) return `${failures} wrong, ${warnings} to look at.`;
  return warnings > 0 ? `Nothing is wrong; ${warnings} to look at.` : 'All is well.';
}

export function jsonOf(findings: readonly Finding[], durationMs: number): string {
  const ok = !findings.some(({ state }) => state === 'failed');
  return JSON.stringify({ ok, durationMs: Math.round(durationMs), findings }, undefined, 2);
}

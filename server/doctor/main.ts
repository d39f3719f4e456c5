// Runs `parley doctor`.
import type { Config } from '../config/config.ts';
import { Doctor } from './doctor.ts';
import type { Finding } from './finding.ts';
import { jsonOf, linesOf, summaryOf } from './report.ts';

export interface DoctorOptions {
  config: Config;
  /** It names the worker and its cache. */
  env: Readonly<Record<string, string | undefined>>;
  /** Public address of the page, to be tried too. */
  url: string | undefined;
  /** One JSON document at the end, instead of lines on the way. */
  json: boolean;
  write(line: string): void;
}

/** @returns the exit code: 0, or 1 when something is wrong */
export async function runDoctor(options: DoctorOptions): Promise<number> {
  const { json, write } = options;
  const startedAt = performance.now();
  const findings: Finding[] = [];
  await new Doctor(options, (finding) => {
    findings.push(finding);
    if (!json) for (const line of linesOf(finding)) write(line);
  }).run();
  write(json ? jsonOf(findings, performance.now() - startedAt) : summaryOf(findings));
  return findings.some(({ state }) => state === 'failed') ? 1 : 0;
}

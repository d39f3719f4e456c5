// `parley doctor`: how it is called, and what it answers.
import type { Config } from '../config.ts';
import { Doctor } from './doctor.ts';
import type { Finding } from './finding.ts';
import { jsonOf, linesOf, summaryOf } from './report.ts';

export interface DoctorOptions {
  config: Config;
  /** Where the worker and its cache are looked for. */
  env: Readonly<Record<string, string | undefined>>;
  /** Public address of the page, to be tried too. */
  url: string | undefined;
  /** One JSON document at the end, instead of lines on the way. */
  json: boolean;
  write(line: string): void;
}

type DoctorArgs = Pick<DoctorOptions, 'url' | 'json'>;

/** @returns undefined when that is not how it is used */
export function parseDoctorArgs(args: readonly string[]): DoctorArgs | undefined {
  const read = readArgs(args);
  return typeof read === 'string' ? undefined : read;
}

/** What is wrong with arguments that could not be read, in a sentence; '' when nothing is. */
export function doctorMisuse(args: readonly string[]): string {
  const read = readArgs(args);
  return typeof read === 'string' ? read : '';
}

function readArgs(args: readonly string[]): DoctorArgs | string {
  let url: string | undefined;
  let json = false;
  for (let n = 0; n < args.length; n++) {
    const [arg = '', next] = [args[n], args[n + 1]];
    const [name = '', value = next] = arg.split(/=(.*)/s);
    if (name === '--json') {
      if (arg !== name) return '--json takes no value.';
      json = true;
    } else if (name === '--url') {
      const given = value === undefined ? 'none was given' : `"${value}" is none`;
      if (value === undefined || !/^https?:$/.test(protocolOf(value))) {
        return `--url wants an http:// or https:// address; ${given}.`;
      }
      url = value;
      if (arg === name) n += 1;
    } else if (arg.startsWith('-')) return `doctor has no option ${name}.`;
    else return `doctor takes options only; "${arg}" is none.`;
  }
  return { url, json };
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
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

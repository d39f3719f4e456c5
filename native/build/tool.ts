// Runs one tool of the build to its end; what it says first is why it failed.

import { ProvisionError } from '../errors.ts';
import { type RunOptions, type RunResult, run } from '../host/run.ts';

/** Resolves with its standard output. Throws ProvisionError with its first error. */
export async function tool(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<string> {
  const result = await run(command, args, options);
  if (result.code !== 0) throw failed(`${command} failed`, result);
  return result.stdout;
}

export function failed(what: string, result: RunResult): ProvisionError {
  const firstError = result.stderr.split('\n').find((line) => /error|undefined/i.test(line));
  const reason = (firstError ?? result.stderr.split('\n')[0] ?? '').trim();
  return new ProvisionError(`${what} (${result.signal ?? `exit code ${result.code}`}): ${reason}`);
}

export function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

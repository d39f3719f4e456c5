// The options of `parley doctor`.
import { readArguments } from './arguments.ts';
import { UsageError } from './usage.ts';

export interface DoctorArguments {
  /** Public address of the page, to be tried too. */
  url: string | undefined;
  json: boolean;
}

/** @throws UsageError */
export function doctorArguments(args: readonly string[]): DoctorArguments {
  const options = { json: { type: 'boolean' }, url: { type: 'string' } } as const;
  const { values, words } = readArguments('doctor', args, options);
  const { url, json = false } = values;
  const [word] = words;
  if (word !== undefined) throw new UsageError(`doctor takes options only; "${word}" is none.`);
  if (url !== undefined && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : '')) {
    throw new UsageError(`--url wants an http:// or https:// address; "${url}" is none.`);
  }
  return { url, json };
}

// The texts of an apt configuration of our own, which fetches sources and leaves the machine's alone.

import { join } from 'node:path';
import { describeEnd, type RunResult } from './run.ts';

/** A server that does not answer must not hold up a start: what we want from it has an alternative. */
const HTTP_TIMEOUT_SECONDS = 20;

/** Where that configuration and all that apt writes are, below `folder`. */
export function aptFiles(folder: string) {
  return {
    config: join(folder, 'apt.conf'),
    mainList: join(folder, 'sources.list'),
    lists: join(folder, 'sources.list.d'),
    /** apt wants the folders for what is half downloaded to be there. */
    folders: ['sources.list.d', 'lists/partial', 'cache/archives/partial'].map((name) =>
      join(folder, name),
    ),
  };
}

/**
 * For `apt-get --config-file`, which is read after the machine's own configuration: proxies, keys and
 * preferences remain, while lists and caches are below `folder`. Other programs' hooks would report an update
 * of the machine's lists.
 */
export function aptConfig(folder: string): string {
  const { mainList, lists } = aptFiles(folder);
  const settings = {
    'Dir::Etc::sourcelist': mainList,
    'Dir::Etc::sourceparts': lists,
    'Dir::State::lists': join(folder, 'lists'),
    'Dir::Cache': join(folder, 'cache'),
    'Acquire::Retries': '1',
    'Acquire::http::Timeout': String(HTTP_TIMEOUT_SECONDS),
    'Acquire::https::Timeout': String(HTTP_TIMEOUT_SECONDS),
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} "${value}";`);
  return ['#clear APT::Update;', ...lines, ''].join('\n');
}

/**
 * One of apt's lists of package archives, turned into one of their sources. Servers, suites, options and keys
 * stay as they are, so apt trusts what it trusts for packages.
 *
 * @param name of the file, whose ending says which of the two formats it has (sources.list(5))
 */
export function sourcesInsteadOfPackages(name: string, text: string): string {
  if (name.endsWith('.sources')) return text.replace(/^Types[ \t]*:.*$/gim, 'Types: deb-src');
  const entries = text.split('\n').filter((line) => /^\s*deb\s/.test(line));
  return entries.map((line) => `${line.replace(/^\s*deb(?=\s)/, 'deb-src')}\n`).join('');
}

/** Why apt brought no source package: what went wrong with the lists, and what it missed in them. */
export function whyNoSource(update: RunResult, source: RunResult): string {
  const lists = update.timedOut
    ? 'the lists of the servers did not come in time'
    : aptReason(update);
  const missed = aptReason(source);
  // Without any list apt asks for entries in its configuration, which are there.
  if (lists !== undefined && missed?.includes('deb-src')) return lists;
  return [lists, missed ?? describeEnd(source)].filter((reason) => reason !== undefined).join('; ');
}

/** apt goes on after what it calls a warning (W), such as a server that cannot be reached. */
function aptReason({ stderr }: RunResult): string | undefined {
  const lines = stderr.split('\n');
  const first = lines.find((line) => /^E: |^W: Failed to fetch /.test(line));
  return first?.slice('E: '.length).replace(/\s+/g, ' ').trim();
}

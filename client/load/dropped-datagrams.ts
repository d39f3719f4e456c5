// How many datagrams this machine threw away since a socket was read too slowly: loss that no network caused.
import { readFile } from 'node:fs/promises';

/** @returns since the machine started, all programs together; undefined where the system does not say */
export async function droppedDatagrams(): Promise<number | undefined> {
  const [v4, v6] = await Promise.all(
    ['/proc/net/snmp', '/proc/net/snmp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
  );
  return countOf(v4 ?? '', v6 ?? '');
}

/**
 * @param v4 of Linux: the names of the counters in one line, their values in the next
 * @param v6 a counter a line
 */
export function countOf(v4: string, v6: string): number | undefined {
  const [names = [], values = []] = [...v4.matchAll(/^Udp: (.+)$/gm)].map(([, line = '']) =>
    line.split(' '),
  );
  const value = values[names.indexOf('RcvbufErrors')];
  if (value === undefined) return undefined;
  const [, more = '0'] = /^Udp6RcvbufErrors\s+(\d+)$/m.exec(v6) ?? [];
  return Number(value) + Number(more);
}

// Which process has a port, as Linux shows it in /proc, and whether it is a Parley.
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';

export interface Holder {
  pid: number;
  /** Name of its program. */
  name: string;
  /** A media worker, or Parley itself. */
  isParley: boolean;
}

/** Fields of a line in /proc/net/{tcp,udp}: local address, state, inode. */
const SOCKET_LINE = /^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) \S+ ([0-9A-F]{2}) (?:\S+ ){5}(\d+)/;
const LISTENING = '0A';

/** @returns undefined when no process has it, or we may not look at it */
export async function holderOf(protocol: 'udp' | 'tcp', port: number): Promise<Holder | undefined> {
  const tables = await Promise.all(
    [protocol, `${protocol}6`].map((name) => read(`/proc/net/${name}`)),
  );
  const inodes = new Set(
    tables
      .join('\n')
      .split('\n')
      .flatMap((line) => {
        const [, hex = '', state, inode = ''] = SOCKET_LINE.exec(line.replace(/\s+/g, ' ')) ?? [];
        const isOpen = protocol === 'udp' || state === LISTENING;
        return isOpen && Number.parseInt(hex, 16) === port ? [`socket:[${inode}]`] : [];
      }),
  );
  if (inodes.size === 0) return undefined;
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    if (await hasOne(pid, inodes)) return describe(pid);
  }
  return undefined;
}

async function hasOne(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  for (const fd of await readdir(folder).catch(() => [])) {
    const link = await readlink(path.join(folder, fd)).catch(() => '');
    if (inodes.has(link)) return true;
  }
  return false;
}

async function describe(pid: string): Promise<Holder> {
  const args = (await read(`/proc/${pid}/cmdline`)).split('\0');
  const program = path.basename(args[0] ?? '');
  const isParley =
    program.startsWith('mediasoup-worker') ||
    args.some((arg) => /server\/entries\/(all-in-one|web|sfu-rtc)\.ts$/.test(arg));
  return { pid: Number(pid), name: program, isParley };
}

function read(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

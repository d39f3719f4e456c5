// A network for one cluster: each media replica, and the server of pages, has a machine's own address. Made
// inside network-namespace.ts, with the browsers. It is closed to the outside.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Place, Role } from '../../../deploy/local/cluster.ts';
import { programPath } from '../process/programs.ts';

/** The browsers', and the test's. */
export const BROWSERS_ADDRESS = '10.231.1.1';
/** Redis' and all `web` replicas'. */
const SERVERS = { name: 'servers', address: '10.231.1.2' };
/** One address for each `sfu-rtc` replica. */
const MEDIA = [
  { name: 'media-1', address: '10.231.1.11' },
  { name: 'media-2', address: '10.231.1.12' },
];
const PREFIX_LENGTH = 24;
/** Where `ip netns` keeps the names; ours are hidden from others, as theirs are from us. */
const NAMES = '/run/netns';

const run = promisify(execFile);

/** Shell commands for `runInNamespace`. */
export const CLUSTER_NETWORK: readonly string[] = [
  `mkdir -p ${NAMES}`,
  `mount -t tmpfs tmpfs ${NAMES}`,
  'ip link add bridge type bridge',
  `ip address add ${BROWSERS_ADDRESS}/${PREFIX_LENGTH} dev bridge`,
  'ip link set bridge up',
  ...[SERVERS, ...MEDIA].flatMap(({ name, address }) => [
    `ip netns add ${name}`,
    `ip link add ${name} type veth peer name inner netns ${name}`,
    `ip link set ${name} master bridge up`,
    `ip -n ${name} link set lo up`,
    `ip -n ${name} address add ${address}/${PREFIX_LENGTH} dev inner`,
    `ip -n ${name} link set inner up`,
  ]),
];

/** Gives each process its place: media replicas one after the other, all else together. */
export function placeInNamespaces(): (role: Role) => Place {
  let mediaPlaced = 0;
  return (role) => {
    if (role !== 'sfu-rtc') return placeOf(SERVERS);
    const machine = MEDIA[mediaPlaced++];
    if (!machine) throw new Error(`this network has room for ${MEDIA.length} sfu-rtc replicas`);
    return placeOf(machine);
  };
}

/** Drops all packets between the media replicas without notice. All other traffic goes on. */
export function cutMediaLink(): Promise<void> {
  return isolate(true);
}

export function mendMediaLink(): Promise<void> {
  return isolate(false);
}

/** The bridge passes nothing from one isolated port to another (bridge(8)). */
async function isolate(isolated: boolean): Promise<void> {
  for (const { name } of MEDIA) {
    const value = isolated ? 'on' : 'off';
    await run(programPath('ip'), ['link', 'set', name, 'type', 'bridge_slave', 'isolated', value]);
  }
}

function placeOf({ name, address }: { name: string; address: string }): Place {
  return { address, command: ['nsenter', `--net=${NAMES}/${name}`, '--'] };
}

// Networks in which media needs a relay: the platform's, where only its gateways reach replicas, and an
// office's, with participants inside, outside, and behind a firewall. Made inside network-namespace.ts.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Place, Role } from '../../../deploy/local/cluster.ts';
import { programPath } from '../process/programs.ts';

const run = promisify(execFile);

/** Where `ip netns` keeps the names; ours are hidden from others, as theirs are from us. */
const NAMES = '/run/netns';
const NAMESPACES = [`mkdir -p ${NAMES}`, `mount -t tmpfs tmpfs ${NAMES}`];

/** A machine with an address on one or two of the bridges. */
interface Machine {
  readonly name: string;
  readonly on: Readonly<Record<string, string>>;
}

function bridge(name: string, own?: string): string[] {
  return [
    `ip link add ${name} type bridge`,
    // Frames on a bridge must not pass the rules for routing.
    ...(own === undefined ? [] : [`ip address add ${own}/24 dev ${name}`]),
    `ip link set ${name} up`,
  ];
}

function machine({ name, on }: Machine): string[] {
  return [
    `ip netns add ${name}`,
    `ip -n ${name} link set lo up`,
    ...Object.entries(on).flatMap(([net, address]) => [
      `ip link add ${name}-${net} type veth peer name ${net} netns ${name}`,
      `ip link set ${name}-${net} master ${net} up`,
      `ip -n ${name} address add ${address}/24 dev ${net}`,
      `ip -n ${name} link set ${net} up`,
    ]),
  ];
}

/** A command that runs the rest of its arguments on this machine. */
export function onMachine(name: string): string[] {
  return ['nsenter', `--net=${NAMES}/${name}`, '--'];
}

/** Runs a command on a machine of the network, or on the browsers' own. */
export async function at(name: string | undefined, command: readonly string[]): Promise<void> {
  const [program = '', ...args] = [...(name === undefined ? [] : onMachine(name)), ...command];
  await run(program, args);
}

// The platform: browsers reach the gateways and the web server; only gateways reach the replicas.

export const PLATFORM = {
  browsers: '10.231.3.1',
  gateways: [
    { name: 'gate-1', public: '10.231.3.21', private: '10.232.3.21', replica: '10.232.3.11' },
    { name: 'gate-2', public: '10.231.3.22', private: '10.232.3.22', replica: '10.232.3.12' },
  ],
} as const;
const SERVERS = { name: 'servers', public: '10.231.3.2', private: '10.232.3.2' };
const NOBODY = '10.231.3.254';

export const PLATFORM_NETWORK: readonly string[] = [
  ...NAMESPACES,
  ...bridge('pub', PLATFORM.browsers),
  ...bridge('priv'),
  // Firefox wants a default route, wherever it leads.
  `ip route add default via ${NOBODY}`,
  ...machine({ name: SERVERS.name, on: { pub: SERVERS.public, priv: SERVERS.private } }),
  ...PLATFORM.gateways.flatMap((gate, n) => [
    ...machine({ name: gate.name, on: { pub: gate.public, priv: gate.private } }),
    ...machine({ name: `media-${n + 1}`, on: { priv: gate.replica } }),
    // The store listens on the servers' public side.
    `ip -n media-${n + 1} route add ${SERVERS.public}/32 via ${SERVERS.private}`,
    `ip -n media-${n + 1} route add ${gate.public}/32 via ${gate.private}`,
  ]),
];

/** Gives each process its place: media replicas one after the other, all else together. */
export function placeOnPlatform(): (role: Role) => Place {
  let placed = 0;
  return (role) => {
    if (role !== 'sfu-rtc') return { address: SERVERS.public, command: onMachine(SERVERS.name) };
    const gate = PLATFORM.gateways[placed++];
    if (!gate) throw new Error('the platform of this test has no more replicas');
    return { address: gate.replica, command: onMachine(`media-${placed}`) };
  };
}

// The office: a media server behind a router that forwards its ports, a browser beside it, one outside,
// and one behind a firewall that lets nothing pass but the relay and the web.

export const OFFICE = {
  /** The media server's own address, and the public one that the router forwards. */
  media: '10.240.3.11',
  announced: '203.0.113.1',
  relay: '203.0.113.20',
  lan: { name: 'lan-pc', address: '10.240.3.50' },
  wan: { name: 'wan-pc', address: '203.0.113.50' },
  walled: { name: 'walled-pc', address: '203.0.113.60' },
  /** The first media port; one for each worker. */
  mediaPort: 42_000,
  webPort: 43_000,
} as const;
const ROUTER = { name: 'router', lan: '10.240.3.1', wan: OFFICE.announced };

export const OFFICE_NETWORK: readonly string[] = [
  ...NAMESPACES,
  ...bridge('lan', '10.240.3.2'),
  ...bridge('wan', '203.0.113.2'),
  ...machine({ name: ROUTER.name, on: { lan: ROUTER.lan, wan: ROUTER.wan } }),
  ...machine({ name: 'media', on: { lan: OFFICE.media } }),
  `ip -n media route add default via ${ROUTER.lan}`,
  ...machine({ name: OFFICE.lan.name, on: { lan: OFFICE.lan.address } }),
  `ip -n ${OFFICE.lan.name} route add default via ${ROUTER.lan}`,
  ...machine({ name: 'relay', on: { wan: OFFICE.relay } }),
  ...[OFFICE.wan, OFFICE.walled].flatMap(({ name, address }) => [
    ...machine({ name, on: { wan: address } }),
    `ip -n ${name} route add default via ${ROUTER.wan}`,
  ]),
  `ip netns exec ${ROUTER.name} sysctl -qw net.ipv4.ip_forward=1`,
  ...nft(ROUTER.name, [
    'add table ip nat',
    'add chain ip nat pre { type nat hook prerouting priority -100; }',
    'add chain ip nat post { type nat hook postrouting priority 100; }',
    ...['udp', 'tcp'].map(
      (protocol) =>
        `add rule ip nat pre iifname wan ${protocol} dport ${OFFICE.mediaPort} dnat to ${OFFICE.media}`,
    ),
    `add rule ip nat pre iifname wan tcp dport ${OFFICE.webPort} dnat to ${OFFICE.media}`,
    'add rule ip nat post oifname wan masquerade',
    // Packets from outside are dropped, except to those ports.
    'add table ip walls',
    'add chain ip walls forward { type filter hook forward priority 0; policy drop; }',
    'add rule ip walls forward ct state established,related accept',
    'add rule ip walls forward ct status dnat accept',
    'add rule ip walls forward iifname lan accept',
  ]),
  ...nft(OFFICE.walled.name, [
    'add table ip walls',
    'add chain ip walls out { type filter hook output priority 0; policy drop; }',
    'add rule ip walls out oifname lo accept',
    `add rule ip walls out ip daddr ${OFFICE.relay} accept`,
    `add rule ip walls out ip daddr ${OFFICE.announced} tcp dport ${OFFICE.webPort} accept`,
  ]),
];

function nft(name: string, rules: readonly string[]): string[] {
  return rules.map((rule) => `ip netns exec ${name} nft '${rule}'`);
}

/** The program of a browser on another machine: a script, as browsers are started by one path. */
export function browserScript(name: string): string {
  return [
    '#!/bin/sh',
    `exec ${onMachine(name).join(' ')} ${programPath('chromium')} "$@"`,
    '',
  ].join('\n');
}

// A small internet for `parley doctor`: a server behind a NAT router, and outside it Redis and coturn. Made
// inside network-namespace.ts. Faults are made in the router's rules.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Finding } from '../../../server/doctor/finding.ts';
import { DEADLINES } from '../process/deadlines.ts';
import { programPath } from '../process/programs.ts';

/** From the range for documentation (RFC 5737): for the doctor as public as any. */
export const PUBLIC_ADDRESS = '203.0.113.1';
export const OUTSIDE_ADDRESS = '203.0.113.10';
const TEST_ADDRESS = '203.0.113.2';
export const SERVER_ADDRESS = '10.7.0.2';
const LAN_ADDRESS = '10.7.0.1';
const NAMES = '/run/netns';
const PROGRAM = path.resolve(import.meta.dirname, '../../../server/entries/parley.ts');

export type Place = 'outside' | 'router' | 'server';

/** Shell commands for `runInNamespace`. The test itself is outside too. */
export const DOCTOR_NETWORK: readonly string[] = [
  `mkdir -p ${NAMES}`,
  `mount -t tmpfs tmpfs ${NAMES}`,
  'ip link add bridge type bridge',
  `ip address add ${TEST_ADDRESS}/24 dev bridge`,
  'ip link set bridge up',
  ...['outside', 'router', 'server'].flatMap((name) => [
    `ip netns add ${name}`,
    `ip -n ${name} link set lo up`,
  ]),
  ...link('outside', 'wan', OUTSIDE_ADDRESS),
  ...link('router', 'wan', PUBLIC_ADDRESS),
  'ip -n router link add lan type veth peer name lan netns server',
  `ip -n router address add ${LAN_ADDRESS}/24 dev lan`,
  'ip -n router link set lan up',
  `ip -n server address add ${SERVER_ADDRESS}/24 dev lan`,
  'ip -n server link set lan up',
  `ip -n server route add default via ${LAN_ADDRESS}`,
  `${inside('router').join(' ')} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'`,
];

function link(name: string, device: string, address: string): string[] {
  return [
    `ip link add ${name} type veth peer name ${device} netns ${name}`,
    `ip link set ${name} master bridge up`,
    `ip -n ${name} address add ${address}/24 dev ${device}`,
    `ip -n ${name} link set ${device} up`,
  ];
}

/** A command that runs the rest of its arguments there. */
export function inside(place: Place): string[] {
  return ['nsenter', `--net=${NAMES}/${place}`, '--'];
}

export interface RouterRules {
  /** The server's media port, which is forwarded. */
  mediaPort: number;
  /** Under which it is seen outside; the same without it. */
  publicPort?: number;
  /** Only incoming packets get another port; outgoing ones keep theirs, as with published ports of containers. */
  oneWay?: boolean;
  /** Extra rules of the chain through which everything goes, such as `udp dport 40000 drop`. */
  drop?: readonly string[];
}

/** A port forwarding as home and office routers have it, which also leads back in from inside. */
export async function setRouter({
  mediaPort,
  publicPort = mediaPort,
  oneWay = false,
  drop = [],
}: RouterRules): Promise<void> {
  const forward = (protocol: string) =>
    `ip daddr ${PUBLIC_ADDRESS} ${protocol} dport ${publicPort} dnat to ${SERVER_ADDRESS}:${mediaPort}`;
  const leave = (protocol: string) =>
    `oifname "wan" ip saddr ${SERVER_ADDRESS} ${protocol} sport ${mediaPort} snat to ${PUBLIC_ADDRESS}:${publicPort}`;
  const rules = `
    flush ruleset
    table ip nat {
      chain incoming {
        type nat hook prerouting priority dstnat;
        ${forward('udp')}
        ${forward('tcp')}
      }
      chain leaving {
        type nat hook postrouting priority srcnat;
        ${oneWay ? '' : leave('udp')}
        oifname "wan" masquerade
        ip saddr ${SERVER_ADDRESS} ip daddr ${SERVER_ADDRESS} masquerade
      }
    }
    table ip filter {
      chain through {
        type filter hook forward priority 0;
        ${drop.join('\n        ')}
      }
    }
  `;
  const [command = '', ...args] = inside('router');
  const child = execFile(command, [...args, programPath('nft'), '-f', '-']);
  let output = '';
  child.stderr?.on('data', (text) => (output += text));
  child.stdin?.end(rules);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`nft ended with ${code}: ${output}`);
}

export interface Diagnosis {
  code: number;
  ok: boolean;
  findings: Finding[];
  elapsedMs: number;
}

/** @param clock how far the doctor's clock is off, as faketime has it, such as `+1h` */
export async function diagnoseServer(
  env: Readonly<Record<string, string>>,
  { clock, args = [] }: { clock?: string; args?: readonly string[] } = {},
): Promise<Diagnosis> {
  const startedAt = performance.now();
  const [command = '', ...before] = [
    ...inside('server'),
    ...(clock === undefined ? [] : [programPath('faketime'), '-f', clock]),
    process.execPath,
    PROGRAM,
    'doctor',
    '--json',
    ...args,
  ];
  const { promise, resolve, reject } = Promise.withResolvers<{ code: number; output: string }>();
  execFile(
    command,
    before,
    {
      env: { ...process.env, ...env, FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' },
      timeout: DEADLINES.serverReady,
    },
    (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code === 'number' && stdout.startsWith('{')) resolve({ code, output: stdout });
      else reject(new Error(`the doctor did not finish: ${stderr}${stdout}`, { cause: error }));
    },
  );
  const { code, output } = await promise;
  const { ok, findings } = JSON.parse(output) as Pick<Diagnosis, 'ok' | 'findings'>;
  return { code, ok, findings, elapsedMs: performance.now() - startedAt };
}

// Runs a program on a network of its own, where even loopback is its own and nothing outside exists.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lifeline } from '../../../native/host/lifeline.ts';

/** Set for programs that run in such a network: to the part of the file that they are to run. */
const INSIDE = 'PARLEY_TEST_NETWORK';

/**
 * The address of the network's one interface. Firefox finds no path on a machine that has only loopback: it
 * needs an interface with an address and a default route. Any private address will do, as it is invisible
 * outside the namespace.
 */
export const NAMESPACE_ADDRESS = '10.231.0.1';
const NOBODY = '10.231.0.2';

/**
 * Makes one interface with an address, and a default route through a neighbour that does not exist.
 *
 * @param address with its prefix: `10.231.0.1/30`
 */
export function oneInterface(address: string, gateway: string): string[] {
  const isIPv6 = address.includes(':');
  const ip = isIPv6 ? 'ip -6' : 'ip';
  return [
    'ip link add inner type veth peer name outer',
    `${ip} address add ${address} dev inner${isIPv6 ? ' nodad' : ''}`,
    'ip link set inner up',
    'ip link set outer up',
    `${ip} route add default via ${gateway}`,
  ];
}

/**
 * Otherwise each interface gets its link-local address a second after it is up (RFC 4862 §5.4). To
 * Chromium the network has changed then, and it gives up what it is loading.
 */
const NO_LATE_ADDRESSES = 'sysctl -qw net.ipv6.conf.default.accept_dad=0';

/** Whether this process already runs in a network of its own. */
export function isInNamespace(): boolean {
  return partInNamespace() !== undefined;
}

/** The part of the file that this process is to run; see {@link runInNamespace}. */
export function partInNamespace(): string | undefined {
  return process.env[INSIDE];
}

/**
 * Runs a Node program there, with our output. The network vanishes with its last process, and so do namespaces
 * that were named in it: there is nothing to clean up, and nothing to clash with.
 *
 * @param setUp shell commands that make the network; loopback is up already
 * @param part the value of `partInNamespace` there, for a file whose parts run on networks of their own
 * @throws Error when the network cannot be made (that takes root), or the program fails
 */
export async function runInNamespace(
  file: string,
  setUp: readonly string[] = oneInterface(`${NAMESPACE_ADDRESS}/30`, NOBODY),
  part = 'all',
): Promise<void> {
  const script = ['set -e', NO_LATE_ADDRESSES, 'ip link set lo up', ...setUp, 'exec "$@"'].join(
    '\n',
  );
  const env: NodeJS.ProcessEnv = { ...process.env, [INSIDE]: part };
  // Otherwise a test file prints its report in the test runner's format.
  delete env.NODE_TEST_CONTEXT;
  const child = spawn(
    'unshare',
    [
      // The names of namespaces are mounts.
      ...['--net', '--mount', 'sh', '-c', script, 'sh'],
      ...[process.execPath, '--test-reporter=spec', file],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], env },
  );
  lifeline.guard(child);
  const [code, signal] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${file} (${part}) ended with ${signal ?? code}; see above`);
}

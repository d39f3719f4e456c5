// A real TURN server on loopback, or wherever a test wants it, with what the test wants to go wrong.
import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { selfSignedCertificate } from '../../../server/entries/local/tls.ts';
import { stunBinding } from '../../../server/turn/probe/ice-check.ts';
import { freePort } from '../network/ports.ts';
import { DEADLINES } from '../process/deadlines.ts';
import { ManagedProcess } from '../process/managed-process.ts';
import { programPath } from '../process/programs.ts';
import { until } from '../process/until.ts';

/** Media servers of tests are on loopback, in network namespaces, and at this machine's own addresses. */
const EVERYWHERE = ['0.0.0.0-255.255.255.255', '::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'];
/** The same that operators are given; see docs/turn.md. */
const CONFIGURATION = path.resolve(import.meta.dirname, '../../../deploy/coturn/turnserver.conf');
const ADDRESS = '127.0.0.1';
const REALM = 'parley.test';
const SECRET = 'a-secret-of-the-tests-alone';
const STATIC_USER = { username: 'tester', password: 'a-password-of-the-tests-alone' };
/** Far above the ports that the system and mediasoup hand out by themselves. */
const RELAY_PORTS = { min: 61_000, max: 61_999 };

/** Between two tries whether it is there already. */
const ANSWER_MS = 300;

/** `secret`: credentials minted from a shared secret. `static`: one user with a fixed password. */
export type CoturnMode = 'secret' | 'static';

export interface CoturnOptions {
  /** Where it listens and relays; loopback without it. */
  address?: string;
  /** Where it relays from, if not where it listens. */
  relay?: string;
  /** A free one without it. */
  port?: number;
  /** A command in front, to run it elsewhere: for example `nsenter`. */
  command?: readonly string[];
  /** Also listens for TLS, with a certificate of its own making. */
  tls?: boolean;
  /** Allocations that one user may have at once. */
  userQuota?: number;
  /** Addresses of media servers, or ranges of them, to which alone it relays; everywhere without it. */
  allowedPeers?: readonly string[];
  /** Anything else, as coturn has it. */
  args?: readonly string[];
}

export interface Coturn extends AsyncDisposable {
  /** The server environment that makes Parley use it. */
  readonly env: Readonly<Record<string, string>>;
  readonly process: ManagedProcess;
  readonly address: string;
  readonly port: number;
  /** With `tls`: where, and the certificate to trust. */
  readonly tls: { port: number; ca: string } | undefined;
}

export async function startCoturn(mode: CoturnMode, options: CoturnOptions = {}): Promise<Coturn> {
  const { address = ADDRESS, port = await freePort(), command = [] } = options;
  const directory = await mkdtemp(path.join(tmpdir(), 'parley-coturn-'));
  const tls = options.tls ? await certificate(directory) : undefined;
  const allowed = options.allowedPeers ?? EVERYWHERE;
  const configuration = path.join(directory, 'turnserver.conf');
  await writeFile(configuration, await filledIn(allowed));
  const [program = '', ...before] = [...command, programPath('coturn')];
  const turn = new ManagedProcess({
    name: 'coturn',
    command: program,
    cwd: directory,
    args: [
      ...before,
      // First the configuration that docs/turn.md recommends, so that it is known to work. Then the test's own.
      ...(mode === 'secret' ? ['-c', configuration] : ['-n']),
      `--listening-ip=${address}`,
      `--relay-ip=${options.relay ?? address}`,
      `--listening-port=${port}`,
      `--min-port=${RELAY_PORTS.min}`,
      `--max-port=${RELAY_PORTS.max}`,
      `--realm=${REALM}`,
      `--pidfile=${path.join(directory, 'turn.pid')}`,
      `--userdb=${path.join(directory, 'turn.db')}`,
      '--log-file=stdout',
      '--verbose',
      ...(tls?.args ?? ['--no-tls']),
      '--no-dtls',
      '--no-cli',
      '--fingerprint',
      // Otherwise no relay would reach the loopback address.
      '--allow-loopback-peers',
      ...(options.userQuota === undefined ? [] : [`--user-quota=${options.userQuota}`]),
      ...(options.args ?? []),
      ...(mode === 'secret'
        ? []
        : ['--lt-cred-mech', `--user=${STATIC_USER.username}:${STATIC_USER.password}`]),
    ],
  });
  const stop = async () => {
    await turn.stop();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await until(
      'coturn to answer',
      async () => {
        if (turn.end) throw new Error(`it ended:\n${turn.tail()}`);
        const asked = { address, port, protocol: 'udp', timeoutMs: ANSWER_MS } as const;
        const answer = await stunBinding(asked);
        if (!answer.ok) throw new Error(answer.message);
      },
      { withinMs: DEADLINES.serverReady },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ process: turn, address, port, env: serverEnv(mode, address, port) },
    tls: tls && { port: tls.port, ca: tls.ca },
    [Symbol.asyncDispose]: stop,
  };
}

/** The configuration with what is in CAPITALS there. */
async function filledIn(allowedPeers: readonly string[]): Promise<string> {
  const text = await readFile(CONFIGURATION, 'utf8');
  return text
    .replace('A_LONG_RANDOM_SECRET', SECRET)
    .replace(
      'allowed-peer-ip=MEDIA_SERVER_ADDRESS\n',
      allowedPeers.map((peer) => `allowed-peer-ip=${peer}\n`).join(''),
    );
}

async function certificate(
  directory: string,
): Promise<{ port: number; ca: string; args: string[] }> {
  const { cert } = await selfSignedCertificate(['localhost', ADDRESS], directory);
  const port = await freePort();
  return {
    port,
    ca: cert,
    args: [
      `--tls-listening-port=${port}`,
      `--cert=${path.join(directory, 'cert.pem')}`,
      `--pkey=${path.join(directory, 'key.pem')}`,
    ],
  };
}

function serverEnv(mode: CoturnMode, address: string, port: number): Record<string, string> {
  const host = isIPv6(address) ? `[${address}]` : address;
  if (mode === 'static') {
    return {
      TURN_URLS: `turn:${host}:${port}?transport=udp`,
      TURN_USERNAME: STATIC_USER.username,
      TURN_PASSWORD: STATIC_USER.password,
    };
  }
  return {
    TURN_SHARED_SECRET: SECRET,
    TURN_HOSTNAME: address,
    TURN_PORT: String(port),
    TURN_REALM: REALM,
  };
}

/** The TURN REST draft's password for the secret, to check or to mint credentials. */
export function turnPassword(username: string, secret: string = SECRET): string {
  return createHmac('sha1', secret).update(username).digest('base64');
}

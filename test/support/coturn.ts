// A real TURN server on loopback, for calls whose media may only travel through a relay.
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEADLINES } from './deadlines.ts';
import { ManagedProcess } from './managed-process.ts';
import { freePort } from './ports.ts';
import { programPath } from './programs.ts';
import { stunBinding } from './stun.ts';
import { until } from './until.ts';

const ADDRESS = '127.0.0.1';
const REALM = 'parley.test';
const SECRET = 'a-secret-of-the-tests-alone';
const STATIC_USER = { username: 'tester', password: 'a-password-of-the-tests-alone' };
/** Far above the ports that the system and mediasoup hand out by themselves. */
const RELAY_PORTS = { min: 61_000, max: 61_999 };

/** `secret`: credentials minted from a shared secret. `static`: one user with a fixed password. */
export type CoturnMode = 'secret' | 'static';

export interface Coturn extends AsyncDisposable {
  /** The server environment that makes Parley use it. */
  readonly env: Readonly<Record<string, string>>;
  readonly process: ManagedProcess;
}

export async function startCoturn(mode: CoturnMode): Promise<Coturn> {
  const port = await freePort();
  const directory = await mkdtemp(path.join(tmpdir(), 'parley-coturn-'));
  const turn = new ManagedProcess({
    name: 'coturn',
    command: programPath('coturn'),
    cwd: directory,
    args: [
      '-n', // No configuration file: what is below is all there is.
      `--listening-ip=${ADDRESS}`,
      `--relay-ip=${ADDRESS}`,
      `--listening-port=${port}`,
      `--min-port=${RELAY_PORTS.min}`,
      `--max-port=${RELAY_PORTS.max}`,
      `--realm=${REALM}`,
      `--pidfile=${path.join(directory, 'turn.pid')}`,
      `--userdb=${path.join(directory, 'turn.db')}`,
      '--log-file=stdout',
      '--verbose',
      '--no-tls',
      '--no-dtls',
      '--no-cli',
      '--fingerprint',
      '--allow-loopback-peers',
      ...(mode === 'secret'
        ? ['--use-auth-secret', `--static-auth-secret=${SECRET}`]
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
      () => {
        if (turn.end) throw new Error(`it ended:\n${turn.tail()}`);
        return stunBinding(ADDRESS, port);
      },
      { withinMs: DEADLINES.serverReady },
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { process: turn, env: serverEnv(mode, port), [Symbol.asyncDispose]: stop };
}

function serverEnv(mode: CoturnMode, port: number): Record<string, string> {
  if (mode === 'static') {
    return {
      TURN_URLS: `turn:${ADDRESS}:${port}?transport=udp`,
      TURN_USERNAME: STATIC_USER.username,
      TURN_PASSWORD: STATIC_USER.password,
    };
  }
  return {
    TURN_SHARED_SECRET: SECRET,
    TURN_HOSTNAME: ADDRESS,
    TURN_PORT: String(port),
    TURN_REALM: REALM,
  };
}

/** What the TURN REST draft makes of the secret; to check what a server minted. */
export function turnPassword(username: string): string {
  return createHmac('sha1', SECRET).update(username).digest('base64');
}

// A port that is free on loopback, for servers that cannot choose one themselves.
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give away by themselves (Linux: from 32768): between our check and
 * the server's, any new connection could get one of those. And low enough for the second
 * port of a Redis Cluster node, 10,000 higher, to be below them too.
 */
const FROM = 12_000;
const BELOW = 22_000;

const handedOut = new Set<number>();

/**
 * Free a moment ago, and never returned before in this process.
 *
 * @param alsoFree a further condition
 * @throws Error when there is none left
 */
export async function freePort(
  alsoFree: (port: number) => Promise<boolean> = async () => true,
): Promise<number> {
  while (handedOut.size < BELOW - FROM) {
    const port = randomInt(FROM, BELOW);
    if (handedOut.has(port)) continue;
    handedOut.add(port);
    if ((await isFree(port)) && (await alsoFree(port))) return port;
  }
  throw new Error(`No port between ${FROM} and ${BELOW} is free.`);
}

/** For TCP, on loopback. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}

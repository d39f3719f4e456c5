// The address to listen on when HOST means all of them: both families, or IPv4 where IPv6 is off.
import { createServer } from 'node:net';

const BOTH = '::';
const IPV4 = '0.0.0.0';
/** Errors of a kernel without IPv6, and of one with IPv6 off on every interface. */
const NO_IPV6 = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EPROTONOSUPPORT', 'EINVAL']);

export async function listenHost(
  host: string,
  canListen: (host: string) => Promise<string | undefined> = obstacleTo,
): Promise<string> {
  if (host !== BOTH) return host;
  const obstacle = await canListen(BOTH);
  return obstacle !== undefined && NO_IPV6.has(obstacle) ? IPV4 : BOTH;
}

/** @returns the code of the error, if there is one */
function obstacleTo(host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code));
    server.listen({ host, port: 0 }, () => server.close(() => resolve(undefined)));
  });
}

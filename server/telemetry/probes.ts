// Health probes of a process that serves nothing else over HTTP.
import type { AddressInfo } from 'node:net';
import { listenHost } from './listen-host.ts';
import { type Listener, listen, pathOf } from './listener.ts';

/** Answers health probes and nothing else: browsers signal with `web` alone. */
export async function serveHealth(
  http: { host: string; port: number },
  isReady: () => boolean,
): Promise<Listener> {
  const host = await listenHost(http.host);
  const probes: Record<string, () => boolean> = { '/healthz': () => true, '/readyz': isReady };
  return listen(
    (request, response) => {
      const path = pathOf(request);
      const probe = path !== undefined && Object.hasOwn(probes, path) && probes[path];
      const [status, text] = !probe
        ? [404, 'Only health probes are answered here.']
        : probe()
          ? [200, 'ok']
          : [503, 'not ready'];
      response.writeHead(status, { 'content-type': 'text/plain' }).end(`${text}\n`);
    },
    { host, port: http.port },
  );
}

/** For people: an address that leads there from this machine. */
export function shown({ address, port, family }: AddressInfo): string {
  if (address === '::' || address === '0.0.0.0') return `localhost:${port}`;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

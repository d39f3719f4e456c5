// An HTTP listener for machines: metrics, health probes.
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Listener {
  readonly address: AddressInfo;
  close(): Promise<void>;
}

/** Probes and scrapes have no body, and arrive at once. */
const PATIENCE = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
} as const;

/** @throws the listen error (`EADDRINUSE`, …) */
export async function listen(
  handler: RequestListener,
  { host, port }: { host: string; port: number },
): Promise<Listener> {
  const server = createServer(PATIENCE, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    address: server.address() as AddressInfo,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The path of a request, without its query; undefined when it is no read. */
export function pathOf(request: IncomingMessage): string | undefined {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  return reads ? request.url?.split('?')[0] : undefined;
}

// A port that is free on loopback, for servers that cannot be told to choose one themselves.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** Free a moment ago: whoever asks next gets another one. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

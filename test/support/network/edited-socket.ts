// A WebSocket between a client and the server, on whose messages a test looks, and which it may change.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { WebSocket, WebSocketServer } from 'ws';
import { type Owner, ownedBy } from '../server/owned.ts';

export interface EditedSocket {
  /** For the client, in place of the server's. */
  readonly url: string;
  /** All messages, in both directions, in order. */
  readonly messages: readonly string[];
}

/** @param edit a message of the client, as it reaches the server */
export async function editedSocket(
  context: Owner,
  serverUrl: string,
  edit: (message: string) => string,
): Promise<EditedSocket> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  ownedBy(context).defer(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  const messages: string[] = [];
  server.on('connection', (client, { url }) => {
    const { href } = new URL(url ?? '/', serverUrl.replace(/^http/, 'ws'));
    const target = new WebSocket(href, client.protocol);
    const opened = once(target, 'open');
    opened.catch(() => client.terminate());
    client.on('message', async (data) => {
      const message = edit(String(data));
      messages.push(message);
      await opened;
      target.send(message);
    });
    target.on('message', (data) => {
      messages.push(String(data));
      client.send(String(data));
    });
    client.on('close', () => target.terminate());
    target.on('close', () => client.terminate());
    target.on('error', () => client.terminate());
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, messages };
}

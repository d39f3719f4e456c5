// A WebSocket server that sends what a test scripts, for cases that a real server rarely produces.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import type { EventName, EventPayload } from '../../../shared/protocol/protocol.ts';
import { eventFrame } from '../../../shared/protocol/protocol.ts';
import { parse, parseJson, Request } from '../../../shared/protocol/rpc.ts';
import { ownedBy } from '../server/owned.ts';

/** The server's reaction to each request. */
export type Answer = (request: Request, connection: Scripted) => void;

/** The server's side of one connection. */
export class Scripted {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket, answer: Answer) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data) => answer(parse(Request, parseJson(String(data))), this));
  }

  reply(id: number, result: unknown): void {
    this.#socket.send(JSON.stringify({ id, result }));
  }

  refuse(id: number, code: string): void {
    this.#socket.send(JSON.stringify({ id, error: { code, message: `The script says ${code}.` } }));
  }

  sendEvent<K extends EventName>(event: K, data: EventPayload<K>): void {
    this.#socket.send(eventFrame(event, data));
  }

  raw(text: string): void {
    this.#socket.send(text);
  }

  bytes(data: Buffer): void {
    this.#socket.send(data);
  }

  /** Everything that `speak` sends travels in one packet. */
  atOnce(speak: () => void): void {
    const tcp = (this.#socket as unknown as { _socket: { cork(): void; uncork(): void } })._socket;
    tcp.cork();
    speak();
    tcp.uncork();
  }

  close(code: number): void {
    this.#socket.close(code);
  }

  drop(): void {
    this.#socket.terminate();
  }
}

export interface ScriptedServer {
  readonly url: string;
  /** In the order they came. */
  readonly connections: Scripted[];
  /** Every request, over all connections. */
  readonly requests: Request[];
}

/** Answers every request with `{}`. */
const POLITE: Answer = ({ id }, connection) => connection.reply(id, {});

/** @param onConnection called with each new connection before its first request */
export async function scriptedServer(
  context: TestContext,
  answer: Answer = POLITE,
  onConnection: (connection: Scripted) => void = () => {},
): Promise<ScriptedServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const connections: Scripted[] = [];
  const requests: Request[] = [];
  server.on('connection', (socket) => {
    const connection = new Scripted(socket, (request, self) => {
      requests.push(request);
      answer(request, self);
    });
    connections.push(connection);
    onConnection(connection);
  });
  ownedBy(context).defer(async () => {
    for (const client of server.clients) client.terminate();
    server.close();
    await once(server, 'close');
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/`, connections, requests };
}

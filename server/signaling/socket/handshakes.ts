// The HTTP requests that became WebSockets. A socket lives for hours; its request is let go.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';

export class Handshakes {
  readonly #responses = new WeakMap<IncomingMessage, ServerResponse>();

  begin(request: IncomingMessage, response: ServerResponse): void {
    this.#responses.set(request, response);
  }

  /**
   * The request is a WebSocket now. Its headers, its response and what Fastify made of them would stay in memory
   * as long as the socket, some 6 kB: the TCP socket has the response, and listeners of the plugin have both. The
   * caller listens for errors instead of the plugin.
   */
  end(request: IncomingMessage, socket: WebSocket): void {
    this.#responses.get(request)?.detachSocket(request.socket);
    socket.removeAllListeners('error');
  }
}

// A TCP path that a test can cut: no bytes pass, and neither end is notified, as when a cable is pulled.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const LOOPBACK = '127.0.0.1';

export class Gate implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(server: Server, targetPort: number) {
    this.#server = server;
    server.on('connection', (client) => {
      const target = connect(targetPort, LOOPBACK);
      for (const [from, to] of [
        [client, target],
        [target, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('error', () => {});
        from.on('data', (data) => {
          if (!this.#cut) to.write(data);
        });
        from.once('close', () => {
          this.#sockets.delete(from);
          if (!this.#cut) to.destroy();
        });
      }
    });
  }

  static async open(targetPort: number): Promise<Gate> {
    const server = createServer().listen(0, LOOPBACK);
    await once(server, 'listening');
    return new Gate(server, targetPort);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Bytes are lost from now on. Connections seem open, and new ones seem to succeed. */
  cut(): void {
    this.#cut = true;
  }

  /** New connections pass. Earlier ones have lost bytes and are ended. */
  mend(): void {
    this.#cut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cut = false;
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

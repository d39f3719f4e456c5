// One address for several `web` replicas: connections go in turn to those that are ready.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Target {
  readonly host: string;
  readonly port: number;
  ready: boolean;
}

/** How often the replicas are asked whether they are ready. */
const ASK_EVERY_MS = 200;
const ASK_WITHIN_MS = 1_000;
const LOOPBACK = '127.0.0.1';

export class Balancer {
  readonly #server: Server;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Set<Socket>();
  #targets: Target[] = [];
  #next = 0;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (client) => this.#accept(client, this.#targets.length));
    this.#timer = setInterval(() => void this.#ask(), ASK_EVERY_MS);
  }

  /** @param port 0 for any */
  static async start(port: number): Promise<Balancer> {
    const server = createServer();
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
    return new Balancer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  add(port: number, host = LOOPBACK): void {
    this.#targets.push({ host, port, ready: true });
  }

  remove(port: number, host = LOOPBACK): void {
    this.#targets = this.#targets.filter((target) => target.port !== port || target.host !== host);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const socket of this.#open) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  /** The next that is ready; if it does not answer, the one after it. */
  #accept(client: Socket, attempts: number): void {
    client.on('error', () => client.destroy());
    const target = this.#pick();
    if (!target || attempts === 0) return void client.destroy();
    const server = connect(target.port, target.host);
    server.once('connect', () => {
      for (const [from, to] of [
        [client, server],
        [server, client],
      ] as const) {
        this.#open.add(from);
        from.pipe(to);
        from.once('close', () => {
          this.#open.delete(from);
          to.destroy();
        });
      }
    });
    server.once('error', () => {
      if (!server.connecting && !server.pending) return server.destroy();
      target.ready = false;
      this.#accept(client, attempts - 1);
    });
  }

  #pick(): Target | undefined {
    const ready = this.#targets.filter((target) => target.ready);
    const choice = ready.length > 0 ? ready : this.#targets;
    this.#next += 1;
    return choice[this.#next % choice.length];
  }

  async #ask(): Promise<void> {
    await Promise.all(
      this.#targets.map(async (target) => {
        target.ready = await fetch(`http://${target.host}:${target.port}/readyz`, {
          signal: AbortSignal.timeout(ASK_WITHIN_MS),
        }).then(
          ({ ok }) => ok,
          () => false,
        );
      }),
    );
  }
}

// The way of UDP packets between a client and a media server, which can repeat them as a slow network does.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const HOST = '127.0.0.1';

/** The first byte of a packet of DTLS; those of STUN, RTP and TURN are others (RFC 7983). */
function isDtls(packet: Buffer): boolean {
  const first = packet[0] ?? 0;
  return first >= 20 && first <= 63;
}

export class UdpPath implements Disposable {
  readonly #toClient: Socket;
  readonly #toServer: Socket;
  readonly #serverPort: number;
  #clientPort = 0;
  #lastDtls: Buffer | undefined;

  private constructor(serverPort: number, toClient: Socket, toServer: Socket) {
    this.#serverPort = serverPort;
    this.#toClient = toClient;
    this.#toServer = toServer;
    toClient.on('message', (packet, { port }) => {
      this.#clientPort = port;
      if (isDtls(packet)) this.#lastDtls = packet;
      toServer.send(packet, serverPort, HOST);
    });
    toServer.on('message', (packet) => toClient.send(packet, this.#clientPort, HOST));
  }

  static async to(serverPort: number): Promise<UdpPath> {
    const sockets = [createSocket('udp4'), createSocket('udp4')] as const;
    for (const socket of sockets) {
      socket.bind(0, HOST);
      await once(socket, 'listening');
    }
    return new UdpPath(serverPort, ...sockets);
  }

  /** Where the client sends to. */
  get port(): number {
    return (this.#toClient.address() as AddressInfo).port;
  }

  /** The client's last packet of DTLS comes to the server once more: the end of its handshake. */
  repeatDtls(): void {
    if (!this.#lastDtls) throw new Error('no DTLS has come by');
    this.#toServer.send(this.#lastDtls, this.#serverPort, HOST);
  }

  [Symbol.dispose](): void {
    this.#toClient.close();
    this.#toServer.close();
  }
}

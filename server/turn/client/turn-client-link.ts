// One socket to one address, by UDP, TCP or TLS, that carries whole packets both ways.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { isIPv6, type Socket as TcpSocket, connect as tcpConnect } from 'node:net';
import { getCACertificates, connect as tlsConnect } from 'node:tls';
import { addressText, type TransportAddress } from './stun-message-address.ts';
import { type Framing, ICE_TCP_FRAMING, iceTcpFrame, StreamReader } from './stun-stream.ts';
import { TurnError } from './turn-client-error.ts';

export interface LinkOptions {
  to: TransportAddress;
  protocol: 'udp' | 'tcp' | 'tls';
  /** How packets stand in the stream; UDP needs none. */
  framing: Framing;
  /** Name in the server's certificate, when the address came from one. */
  servername?: string | undefined;
  /** Authorities (PEM) to trust besides the usual ones. */
  tlsCa?: string | undefined;
  localAddress?: string | undefined;
  localPort?: number | undefined;
  /** The time to open it; milliseconds. */
  timeoutMs: number;
}

/** A caller that queues more than this does not read what comes back. Ours all do. */
const MAX_UNSENT_BYTES = 1_048_576;

/** After the first error, or `close()`, it calls no listener any more. */
export class Link {
  readonly protocol: LinkOptions['protocol'];
  readonly #options: LinkOptions;
  readonly #reader: StreamReader;
  #udp: UdpSocket | undefined;
  #tcp: TcpSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #opened: PromiseWithResolvers<void> | undefined = Promise.withResolvers<void>();
  /** With TLS: the connection is there, the handshake is under way. */
  #connected = false;
  #closed = false;
  onPacket: (packet: Buffer) => void = () => {};
  /** The link broke. Called at most once. */
  onEnd: (error: TurnError) => void = () => {};

  private constructor(options: LinkOptions) {
    this.#options = options;
    this.protocol = options.protocol;
    this.#reader = new StreamReader(options.framing);
  }

  /** @throws TurnError */
  static async open(options: LinkOptions): Promise<Link> {
    const link = new Link(options);
    const opened = link.#opened?.promise;
    link.#timer = setTimeout(() => {
      link.#fail(new TurnError('timeout', `${link.#where} does not answer.`));
    }, options.timeoutMs);
    try {
      if (options.protocol === 'udp') link.#openUdp();
      else link.#openStream();
    } catch (error) {
      link.#broke(error);
    }
    await opened;
    return link;
  }

  /** Its local address; undefined when closed. */
  get local(): TransportAddress | undefined {
    if (this.#closed) return undefined;
    if (this.#udp) return this.#udp.address();
    const { localAddress, localPort } = this.#tcp ?? {};
    if (localAddress === undefined || localPort === undefined) return undefined;
    return { address: localAddress, port: localPort };
  }

  send(packet: Buffer): void {
    if (this.#closed || this.#opened) return;
    // Errors come as events: that of one datagram must not be thrown for the next one.
    this.#udp?.send(packet, (error) => error && this.#broke(error));
    const { framing } = this.#options;
    this.#tcp?.write(framing === ICE_TCP_FRAMING ? iceTcpFrame(packet) : packet);
    if ((this.#tcp?.writableLength ?? 0) > MAX_UNSENT_BYTES) {
      this.#fail(new TurnError('protocol', `${this.#where} does not read what it is sent.`));
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#udp?.close();
    this.#tcp?.destroy();
  }

  get #where(): string {
    const { to, protocol } = this.#options;
    return `${addressText(to)} (${protocol.toUpperCase()})`;
  }

  #openUdp(): void {
    const { to, localAddress, localPort } = this.#options;
    const socket = createSocket(isIPv6(to.address) ? 'udp6' : 'udp4');
    this.#udp = socket;
    socket.on('error', (error) => this.#broke(error));
    socket.on('message', (packet) => !this.#closed && this.onPacket(packet));
    // Connected: the system drops what others send, and reports when no program listens there.
    socket.once('connect', () => this.#ready());
    socket.bind(localPort ?? 0, localAddress, () => {
      if (!this.#closed) socket.connect(to.port, to.address);
    });
  }

  #openStream(): void {
    const { to, protocol, servername, tlsCa, localAddress, localPort } = this.#options;
    const target = {
      host: to.address,
      port: to.port,
      ...(localAddress !== undefined && { localAddress }),
      ...(localPort !== undefined && { localPort }),
    };
    const socket =
      protocol === 'tcp'
        ? tcpConnect(target, () => this.#ready())
        : tlsConnect(
            {
              ...target,
              ...(servername !== undefined && { servername }),
              ...(tlsCa !== undefined && { ca: [...getCACertificates('default'), tlsCa] }),
            },
            () => this.#ready(),
          );
    this.#tcp = socket;
    socket.setNoDelay(true);
    if (protocol === 'tls') socket.once('connect', () => (this.#connected = true));
    socket.on('error', (error) => this.#broke(error));
    socket.on('close', () => {
      this.#fail(new TurnError('protocol', `${this.#where} closed the connection.`));
    });
    socket.on('data', (chunk) => this.#read(chunk));
  }

  #read(chunk: Buffer): void {
    if (this.#closed) return;
    const packets = this.#reader.push(chunk);
    for (const packet of packets ?? []) if (!this.#closed) this.onPacket(packet);
    if (!packets) {
      this.#fail(
        new TurnError('protocol', `${this.#where} answers in another protocol than STUN and TURN.`),
      );
    }
  }

  #ready(): void {
    if (this.#closed) return;
    clearTimeout(this.#timer);
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  #broke(error: unknown): void {
    this.#fail(this.#described(error));
  }

  #fail(error: TurnError): void {
    if (this.#closed) return;
    this.close();
    if (this.#opened) this.#opened.reject(error);
    else this.onEnd(error);
  }

  #described(cause: unknown): TurnError {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    if (this.protocol === 'tls' && this.#connected && this.#opened) {
      return new TurnError('tls', `${this.#where}: the TLS handshake failed (${code}).`, { cause });
    }
    if (code === 'ECONNREFUSED') {
      const message = `${this.#where} refuses: nothing listens there.`;
      return new TurnError('refused_connection', message, { cause });
    }
    if (['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EINVAL'].includes(code)) {
      const message = `${this.#where} cannot be reached from this machine (${code}).`;
      return new TurnError('refused_connection', message, { cause });
    }
    if (code === 'ETIMEDOUT') {
      return new TurnError('timeout', `${this.#where} does not answer.`, { cause });
    }
    return new TurnError('protocol', `${this.#where}: the connection broke (${code}).`, { cause });
  }
}

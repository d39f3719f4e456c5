// Finds which other nodes this one reaches by UDP. A room may be on two nodes only if both reach each other.
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { NodeInfo } from '../../cluster/cluster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';

export interface ProberOptions {
  nodeId: string;
  /** Address that pipes use on this node. */
  address: string;
  /** First and last UDP port that may be used; any without it. */
  portRange: { min: number; max: number } | undefined;
  list(): Promise<NodeInfo[]>;
  /** The set of nodes reached changed. */
  onChange(): void;
  resources: Resources;
  log: Logger;
}

/** The interval between probes of each node. */
const PROBE_EVERY_MS = 500;
/**
 * A node without an answer for this long is out of reach: three answers in a row, as packets get lost. Rooms on
 * both nodes stand still meanwhile, so it is not longer.
 */
const REACHED_FOR_MS = 1_800;
/** Magic, type, and a nonce that matches an answer to its question. */
const MAGIC = Buffer.from('PRLY');
const NONCE_BYTES = 16;
const PACKET_BYTES = MAGIC.length + 1 + NONCE_BYTES;
const ASK = 1;
const ANSWER = 2;

export class Prober {
  readonly #options: ProberOptions;
  readonly #socket: Socket;
  readonly #release: () => void;
  /** Questions under way: nonce to node id. */
  readonly #asked = new Map<string, string>();
  readonly #answeredAt = new Map<string, number>();
  #timer: Timer | undefined;
  #reaches: readonly string[] = [];
  #closed = false;

  private constructor(options: ProberOptions, socket: Socket) {
    this.#options = options;
    this.#socket = socket;
    this.#release = options.resources.open('socket');
    socket.on('message', (packet, from) => this.#receive(packet, from.address, from.port));
    socket.on('error', (err) => options.log.warn({ err }, 'probing other nodes failed'));
    this.#timer = options.resources.every(PROBE_EVERY_MS, () => void this.#round());
    void this.#round();
  }

  /** @throws the bind error when no port can be had */
  static async start(options: ProberOptions): Promise<Prober> {
    const { address, portRange } = options;
    const ports = portRange
      ? Array.from({ length: portRange.max - portRange.min + 1 }, (_, n) => portRange.max - n)
      : [0];
    let lastError: unknown;
    for (const port of ports) {
      const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
      try {
        await new Promise<void>((resolve, reject) => {
          socket.once('error', reject);
          socket.bind(port, address, () => {
            socket.off('error', reject);
            resolve();
          });
        });
        return new Prober(options, socket);
      } catch (error) {
        socket.close();
        lastError = error;
      }
    }
    throw new Error(`No UDP port for probes on ${address}.`, { cause: lastError });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Ids of the nodes that answered lately, sorted, as `onChange` got them last. */
  get reaches(): readonly string[] {
    return this.#reaches;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.close();
    this.#socket.close();
    this.#release();
  }

  async #round(): Promise<void> {
    const { nodeId, list, log } = this.#options;
    try {
      const others = (await list()).filter(({ id, pipe }) => id !== nodeId && pipe !== null);
      if (this.#closed) return;
      this.#asked.clear();
      for (const { id, pipe } of others) if (pipe) this.#ask(id, pipe.address, pipe.probePort);
      for (const id of this.#answeredAt.keys()) {
        if (!others.some((node) => node.id === id)) this.#answeredAt.delete(id);
      }
    } catch (err) {
      // Without the list no node is probed, and none is dropped: the nodes are there all the same.
      log.debug({ err }, 'the other nodes are not known at the moment');
      for (const id of this.#reaches) this.#answeredAt.set(id, performance.now());
    }
    this.#compare();
  }

  #ask(nodeId: string, address: string, port: number): void {
    const nonce = randomBytes(NONCE_BYTES);
    this.#asked.set(nonce.toString('hex'), nodeId);
    this.#send(Buffer.concat([MAGIC, Buffer.of(ASK), nonce]), address, port);
  }

  #receive(packet: Buffer, address: string, port: number): void {
    const known = packet.length === PACKET_BYTES && packet.subarray(0, MAGIC.length).equals(MAGIC);
    if (!known) return;
    const type = packet[MAGIC.length];
    const nonce = packet.subarray(MAGIC.length + 1);
    // The answer is as large as the question, so a forged sender address amplifies nothing.
    if (type === ASK) this.#send(Buffer.concat([MAGIC, Buffer.of(ANSWER), nonce]), address, port);
    if (type !== ANSWER) return;
    const nodeId = this.#asked.get(nonce.toString('hex'));
    if (nodeId === undefined) return;
    this.#answeredAt.set(nodeId, performance.now());
    this.#compare();
  }

  #compare(): void {
    const since = performance.now() - REACHED_FOR_MS;
    const reaches = [...this.#answeredAt].flatMap(([id, at]) => (at >= since ? [id] : [])).sort();
    if (reaches.join() === this.#reaches.join() || this.#closed) return;
    this.#reaches = reaches;
    this.#options.onChange();
  }

  #send(packet: Buffer, address: string, port: number): void {
    if (this.#closed) return;
    this.#socket.send(packet, port, address, (err) => {
      if (err) this.#options.log.debug({ err, address, port }, 'a probe was not sent');
    });
  }
}

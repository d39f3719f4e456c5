// The receiving end of a pipe: tracks of one router of another node, brought onto a router of ours.
import { randomUUID } from 'node:crypto';
import type { PipeTransport, Producer, TransportListenInfo } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import { NO_LAYER } from '../../../shared/protocol/media-messages.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import type { MeshParams, MeshResult } from '../../cluster/messages/mesh.ts';
import { PipeEnd } from '../../cluster/messages/mesh.ts';
import type { Demand } from '../../room/demand.ts';
import { Flow } from '../rooms/flow.ts';
import type { RoomRouter, RouterContext } from '../rooms/room-router.ts';
import { countWhileOpen } from '../workers/count.ts';
import { PipeAsks, type PipeAsksOptions } from './pipe-asks.ts';

export interface PipeLinkOptions extends RouterContext {
  room: string;
  /** The receiving end: a router of a node. */
  nodeId: string;
  from: { nodeId: string; routerId: string };
  to: RoomRouter;
  listenInfo: TransportListenInfo;
  request(params: MeshParams<'pipe'>): Promise<MeshResult<'pipe'>>;
  demand(params: MeshParams<'demand'>): Promise<unknown>;
  /** Best effort: the state that is published regularly makes up for a lost message. */
  endPipe(params: MeshParams<'unpipe'>): void;
  /** The tracks on this pipe changed. */
  onChange(): void;
  /** Called once, when the pipe has closed. */
  onClose(): void;
}

interface Wanted {
  resolve(producer: Producer): void;
  reject(error: unknown): void;
}

export class PipeLink {
  readonly id = randomUUID();
  readonly #options: PipeLinkOptions;
  readonly #producers = new Map<string, Producer>();
  readonly #flows = new Map<string, Flow>();
  /** Producers that are muted where they come from. */
  readonly #muted = new Set<string>();
  readonly #asks: PipeAsks;
  /** Producers that the other end closed: it gets no message about them. */
  readonly #ended = new Set<string>();
  #wanted = new Map<string, Wanted>();
  #transport: Promise<PipeTransport> | undefined;
  #running: Promise<void> = Promise.resolve();
  #connected = false;
  #closed = false;

  constructor(options: PipeLinkOptions) {
    this.#options = options;
    const { room, demand, resources } = options;
    const request: PipeAsksOptions['request'] = (state) =>
      demand({ room, linkId: this.id, ...state });
    this.#asks = new PipeAsks({ request, resources });
    options.to.router.observer.once('close', () => this.close());
  }

  get closed(): boolean {
    return this.#closed;
  }

  get from(): PipeLinkOptions['from'] {
    return this.#options.from;
  }

  get to(): RoomRouter {
    return this.#options.to;
  }

  get producerIds(): string[] {
    return [...this.#producers.keys(), ...this.#wanted.keys()];
  }

  /** Tracks asked for in one turn of the event loop are requested together. */
  obtain(producerId: string): Promise<Producer> {
    const known = this.#producers.get(producerId);
    if (known) return Promise.resolve(known);
    if (this.#closed) return Promise.reject(new ParleyError('media_failed'));
    const { promise, resolve, reject } = Promise.withResolvers<Producer>();
    const first = this.#wanted.size === 0;
    this.#wanted.set(producerId, { resolve, reject });
    if (first) queueMicrotask(() => this.#flushInTurn());
    return promise;
  }

  /** Applies the other end's state: closes what it no longer sends, pauses what it paused. */
  reflect(tracks: ReadonlyMap<string, { paused: boolean }>): void {
    for (const [producerId, producer] of [...this.#producers]) {
      const track = tracks.get(producerId);
      if (!track) {
        // The other end closed it, so it needs no request to stop.
        this.#ended.add(producerId);
        producer.close();
        continue;
      }
      if (track.paused) this.#muted.add(producerId);
      else this.#muted.delete(producerId);
      this.#flow(producerId);
    }
  }

  /** What is wanted of a track at this end from now on. The other end sends nothing of what nobody wants. */
  ask(producerId: string, demand: Demand): void {
    if (this.#closed || !this.#producers.has(producerId)) return;
    this.#asks.ask(producerId, demand);
    this.#flow(producerId);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#asks.close();
    const { room, endPipe, onClose } = this.#options;
    this.#transport?.then((transport) => transport.close()).catch(() => {});
    for (const { reject } of this.#wanted.values()) reject(new ParleyError('media_failed'));
    this.#wanted.clear();
    if (this.#connected) endPipe({ room, linkId: this.id, producerIds: null });
    onClose();
  }

  #flushInTurn(): void {
    this.#running = this.#running.then(() => this.#flush());
  }

  async #flush(): Promise<void> {
    const wanted = this.#wanted;
    this.#wanted = new Map();
    if (wanted.size === 0 || this.#closed) {
      for (const { reject } of wanted.values()) reject(new ParleyError('media_failed'));
      return;
    }
    const { room, nodeId, from, request } = this.#options;
    try {
      const transport = await this.#open();
      const answer = await request({
        room,
        from: nodeId,
        linkId: this.id,
        routerId: from.routerId,
        end: endOf(transport, this.#options.listenInfo),
        producerIds: [...wanted.keys()],
      });
      if (!this.#connected) {
        const { ip, port, srtpParameters } = answer.end;
        this.#connected = true;
        await transport.connect({ ip, port, srtpParameters });
      }
      for (const { producerId, kind, rtpParameters, paused } of answer.tracks) {
        const waiting = wanted.get(producerId);
        wanted.delete(producerId);
        if (!waiting) continue;
        const producer = await transport.produce({ id: producerId, kind, rtpParameters, paused });
        this.#add(producer);
        waiting.resolve(producer);
      }
      // The other end closed the track meanwhile.
      for (const { reject } of wanted.values()) reject(new ParleyError('unknown_track'));
      this.#options.onChange();
    } catch (cause) {
      for (const { reject } of wanted.values()) reject(cause);
      // A pipe that did not connect, or carries nothing, is closed. The next request makes another.
      if (!this.#connected || this.#producers.size === 0) this.close();
    }
  }

  #open(): Promise<PipeTransport> {
    this.#transport ??= this.#create();
    return this.#transport;
  }

  async #create(): Promise<PipeTransport> {
    const { to, listenInfo, resources } = this.#options;
    const transport = await to.router.createPipeTransport({
      listenInfo,
      enableSrtp: true,
      enableRtx: true,
    });
    countWhileOpen(resources, 'pipe', transport);
    if (this.#closed) transport.close();
    transport.observer.once('close', () => this.close());
    return transport;
  }

  /** With a paused producer, receivers begin again with the first key frame after it, and need not ask for another. */
  #flow(producerId: string): void {
    const isWanted = this.#asks.of(producerId) !== NO_LAYER;
    this.#flows.get(producerId)?.set(isWanted && !this.#muted.has(producerId));
  }

  #add(producer: Producer): void {
    const { room, endPipe, onChange } = this.#options;
    this.#producers.set(producer.id, producer);
    this.#flows.set(producer.id, new Flow(producer, this.#options.log));
    if (producer.paused) this.#muted.add(producer.id);
    producer.observer.once('close', () => {
      this.#producers.delete(producer.id);
      this.#flows.delete(producer.id);
      this.#muted.delete(producer.id);
      this.#asks.forget(producer.id);
      if (this.#closed) return;
      if (this.#producers.size === 0 && this.#wanted.size === 0) return this.close();
      if (this.#ended.delete(producer.id)) return;
      endPipe({ room, linkId: this.id, producerIds: [producer.id] });
      onChange();
    });
  }
}

/** As the other node has to know it. */
export function endOf(transport: PipeTransport, listenInfo: TransportListenInfo): PipeEnd {
  return toWire(PipeEnd, {
    ip: listenInfo.announcedAddress ?? transport.tuple.localAddress,
    port: transport.tuple.localPort,
    srtpParameters: transport.srtpParameters,
  });
}

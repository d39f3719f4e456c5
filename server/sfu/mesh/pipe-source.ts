// The sending end of a pipe: producers of one of our routers, consumed for another node.
import type { Consumer, PipeTransport, TransportListenInfo } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import { RtpParameters } from '../../../shared/media/rtp.ts';
import { EVERY_LAYER, NO_LAYER } from '../../../shared/protocol/media-messages.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import type { MeshParams, MeshResult, PipedTrack } from '../../cluster/messages/mesh.ts';
import { Flow } from '../rooms/flow.ts';
import type { RoomRouter, RouterContext } from '../rooms/room-router.ts';
import type { TrackUse } from '../rooms/track-demand.ts';
import { countWhileOpen } from '../workers/count.ts';
import { endOf } from './pipe-link.ts';

/** A state published before a track was requested may arrive after the request, but not this much later. */
const KEEP_MS = 10_000;

interface Outlet {
  use: TrackUse;
  flow: Flow;
}

export class PipeSource {
  /** The receiving node. */
  readonly nodeId: string;
  readonly #transport: PipeTransport;
  readonly #router: RoomRouter;
  readonly #listenInfo: TransportListenInfo;
  readonly #context: RouterContext;
  readonly #since = performance.now();
  readonly #consumers = new Map<string, { consuming: Promise<Consumer>; since: number }>();
  readonly #outlets = new Map<string, Outlet>();
  /** What the receiver wants, by producer. One that it does not name it wants whole. */
  #layers = new Map<string, number>();
  #layersVersion = 0;

  private constructor(
    nodeId: string,
    transport: PipeTransport,
    router: RoomRouter,
    listenInfo: TransportListenInfo,
    context: RouterContext,
  ) {
    this.nodeId = nodeId;
    this.#transport = transport;
    this.#router = router;
    this.#listenInfo = listenInfo;
    this.#context = context;
  }

  static async open(
    { from, end }: MeshParams<'pipe'>,
    router: RoomRouter,
    listenInfo: TransportListenInfo,
    context: RouterContext,
  ): Promise<PipeSource> {
    const transport = await router.router.createPipeTransport({
      listenInfo,
      enableSrtp: true,
      enableRtx: true,
    });
    countWhileOpen(context.resources, 'pipe', transport);
    const { ip, port, srtpParameters } = end;
    try {
      await transport.connect({ ip, port, srtpParameters });
    } catch (cause) {
      transport.close();
      throw new ParleyError('media_failed', { cause });
    }
    return new PipeSource(from, transport, router, listenInfo, context);
  }

  get closed(): boolean {
    return this.#transport.closed;
  }

  /** Called when it closes, for whatever reason. */
  onClose(listener: () => void): void {
    if (this.closed) listener();
    else this.#transport.observer.once('close', listener);
  }

  /** Consumes those that exist. Repeating a request is harmless. */
  async send(producerIds: readonly string[]): Promise<MeshResult<'pipe'>> {
    const tracks = await Promise.all(producerIds.map((id) => this.#send(id)));
    return {
      end: endOf(this.#transport, this.#listenInfo),
      tracks: tracks.filter((track) => track !== undefined),
    };
  }

  /**
   * Closes all other producers: the receiver no longer wants them. It may have published this before it
   * requested one, so recent ones are kept for `KEEP_MS`.
   * @param producerIds undefined when the receiver does not know this pipe
   */
  keep(producerIds: ReadonlySet<string> | undefined): void {
    const settled = performance.now() - KEEP_MS;
    if (!producerIds) {
      if (this.#since < settled) this.close();
      return;
    }
    const unwanted = [...this.#consumers].filter(
      ([producerId, { since }]) => since < settled && !producerIds.has(producerId),
    );
    this.stop(unwanted.map(([producerId]) => producerId));
  }

  /** What the receiver wants from now on. A message that was overtaken by a later one is ignored. */
  want({ version, layers }: Pick<MeshParams<'demand'>, 'version' | 'layers'>): void {
    if (version <= this.#layersVersion) return;
    this.#layersVersion = version;
    this.#layers = new Map(Object.entries(layers));
    for (const [producerId, outlet] of this.#outlets) this.#set(producerId, outlet);
  }

  stop(producerIds: readonly string[]): void {
    for (const producerId of producerIds) {
      this.#consumers.get(producerId)?.consuming.then(
        (consumer) => consumer.close(),
        () => {},
      );
    }
  }

  close(): void {
    this.#transport.close();
  }

  async #send(producerId: string): Promise<PipedTrack | undefined> {
    if (!this.#router.own(producerId)) return undefined;
    const known = this.#consumers.get(producerId);
    const consuming = known?.consuming ?? this.#consume(producerId);
    if (!known) this.#consumers.set(producerId, { consuming, since: performance.now() });
    try {
      const { kind, rtpParameters, producerPaused } = await consuming;
      return {
        producerId,
        kind,
        rtpParameters: toWire(RtpParameters, rtpParameters),
        paused: producerPaused,
      };
    } catch (err) {
      this.#consumers.delete(producerId);
      if (this.#router.own(producerId)) this.#context.log.warn({ err }, 'a track was not piped');
      return undefined;
    }
  }

  async #consume(producerId: string): Promise<Consumer> {
    const consumer = await this.#transport.consume({ producerId });
    if (this.#transport.closed) consumer.close();
    countWhileOpen(this.#context.resources, 'piped', consumer);
    consumer.observer.once('close', () => this.#consumers.delete(producerId));
    if (consumer.closed) this.#consumers.delete(producerId);
    else this.#open(producerId, consumer);
    return consumer;
  }

  #open(producerId: string, consumer: Consumer): void {
    const producer = this.#router.own(producerId);
    if (!producer) return;
    const use = this.#router.use(producer, EVERY_LAYER, 'pipe');
    const outlet = { use, flow: new Flow(consumer, this.#context.log, producer) };
    this.#outlets.set(producerId, outlet);
    consumer.observer.once('close', () => {
      use.end();
      this.#outlets.delete(producerId);
      // When the receiver wants it again, it wants it whole at first.
      this.#layers.delete(producerId);
    });
    this.#set(producerId, outlet);
  }

  /** The sender is told first. A consumer that is resumed requests a key frame. */
  #set(producerId: string, { use, flow }: Outlet): void {
    const demand = this.#layers.get(producerId) ?? EVERY_LAYER;
    use.want(demand);
    flow.set(demand !== NO_LAYER);
  }
}

// The sending end of a pipe: producers of one of our routers, consumed for another node.
import type { Consumer, PipeTransport, TransportListenInfo } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import { RtpParameters } from '../../../shared/media/rtp.ts';
import { toWire } from '../../../shared/protocol/rpc.ts';
import type { MeshParams, MeshResult, PipedTrack } from '../../cluster/messages/mesh.ts';
import type { RoomRouter, RouterContext } from '../rooms/room-router.ts';
import { countWhileOpen } from '../workers/count.ts';
import { endOf } from './pipe-link.ts';

/** A state published before a track was requested may arrive after the request, but not this much later. */
const KEEP_MS = 10_000;

export class PipeSource {
  /** The receiving node. */
  readonly nodeId: string;
  readonly #transport: PipeTransport;
  readonly #router: RoomRouter;
  readonly #listenInfo: TransportListenInfo;
  readonly #context: RouterContext;
  readonly #since = performance.now();
  readonly #consumers = new Map<string, { consuming: Promise<Consumer>; since: number }>();

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
    return consumer;
  }
}

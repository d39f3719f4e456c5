// A room on several nodes: what each of them has is exchanged, and tracks are piped over.
import type { TransportListenInfo } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Bus } from '../../cluster/cluster.ts';
import {
  MESH_COMMANDS,
  type MeshCommand,
  type MeshParams,
  type MeshResult,
  type MeshState,
  type MeshTrack,
} from '../../cluster/messages/mesh.ts';
import type { Arrived, RoomRouter, RouterContext } from '../rooms/room-router.ts';
import type { RoomTrack } from '../rooms/room-tracks.ts';
import type { Difference, OtherState } from './node-state.ts';
import { PipeLink } from './pipe-link.ts';
import { PipeSource } from './pipe-source.ts';
import { StateExchange } from './state-exchange.ts';

export interface MeshContext extends RouterContext {
  nodeId: string;
  bus: Bus;
  /** The address of pipes on this node. */
  pipeListenInfo: TransportListenInfo;
  /** False while the store is away: then the silence of another node means nothing. */
  isConnected(): boolean;
}

export interface RoomMeshOptions {
  room: string;
  routerOf(routerId: string): RoomRouter | undefined;
  /** A node was met, or its tracks became different. */
  onTracks(nodeId: string, difference: TracksDifference): void;
}

export type TracksDifference = Pick<Difference, 'tracks' | 'removed'> & {
  /** The node has none of the room any more. */
  gone: boolean;
};

/** Nodes answer each other in milliseconds. A node that stands still must not delay a join. */
const ASK_TIMEOUT_MS = 700;
const PIPE_TIMEOUT_MS = 2_000;
/**
 * The ends of pipes are compared with what the other node says that it receives for this long after either became
 * different. It is longer than a recent pipe is kept without being named.
 */
const COMPARE_FOR_MS = 15_000;

export class RoomMesh {
  readonly #options: RoomMeshOptions;
  readonly #context: MeshContext;
  readonly #exchange: StateExchange;
  /** By the other node's router that they come from. */
  readonly #links = new Map<string, PipeLink>();
  /** Pipes whose tracks are different from those published. */
  readonly #changedLinks = new Set<PipeLink>();
  readonly #sources = new Map<string, Promise<PipeSource>>();
  #compareUntil = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(options: RoomMeshOptions, context: MeshContext) {
    this.#options = options;
    this.#context = context;
    const { room } = options;
    this.#exchange = new StateExchange(
      {
        room,
        ask: (nodeId) => {
          const params = { room, from: context.nodeId, readsNews: true };
          return this.#request(nodeId, 'meshState', params, ASK_TIMEOUT_MS);
        },
        refreshLinks: (why) => this.#refreshLinks(why),
        onDifference: (nodeId, difference, state) => this.#onDifference(nodeId, difference, state),
        onForgotten: (nodeId, state) => this.#onForgotten(nodeId, state),
        onTick: () => this.#compareSources(),
      },
      context,
    );
  }

  /** The other nodes that the room is on. */
  get nodes(): readonly string[] {
    return [...this.#exchange.others.keys()];
  }

  /** Asks these nodes for their part of the room, and publishes ours to them. */
  exchange(nodeIds: readonly string[]): Promise<void> {
    return this.#exchange.exchange(nodeIds);
  }

  /** A track whose participant is connected here came, or became different. */
  setTrack(track: MeshTrack): void {
    this.#exchange.own.setTrack(track);
    this.#exchange.publish();
  }

  /** A track whose participant was connected here has ended. */
  removeTrack(producerId: string): void {
    this.#exchange.own.removeTrack(producerId);
    this.#exchange.publish();
  }

  /** @throws ParleyError when the other node cannot send it */
  async obtain(track: RoomTrack, to: RoomRouter): Promise<Arrived> {
    const { home, producerId } = track;
    if (home.nodeId === undefined) throw new Error('a track of our own needs no pipe from outside');
    const { nodeId, routerId } = home;
    const known = this.#links.get(routerId);
    if (known && known.to !== to) known.close();
    const link = known?.to === to ? known : this.#open({ nodeId, routerId }, to);
    const producer = await link.obtain(producerId);
    return { producer, ask: (demand) => link.ask(producerId, demand) };
  }

  /** Answers another node that has participants of the room. */
  state({ from, readsNews }: Pick<MeshParams<'meshState'>, 'from' | 'readsNews'>): MeshState {
    return this.#exchange.answer(from, readsNews ?? false);
  }

  async pipe(params: MeshParams<'pipe'>): Promise<MeshResult<'pipe'>> {
    const { routerOf } = this.#options;
    this.#exchange.meet(params.from);
    this.#compareSoon();
    const router = routerOf(params.routerId);
    if (!router || this.#closed) throw new ParleyError('unknown_track');
    let opening = this.#sources.get(params.linkId);
    if (!opening) {
      opening = PipeSource.open(params, router, this.#context.pipeListenInfo, this.#context);
      this.#sources.set(params.linkId, opening);
      const forget = () => this.#sources.delete(params.linkId);
      opening.then((source) => {
        source.onClose(forget);
        if (this.#closed) source.close();
      }, forget);
    }
    return (await opening).send(params.producerIds);
  }

  async demand({ linkId, ...demand }: MeshParams<'demand'>): Promise<void> {
    // One that could not be opened has nothing to send.
    const source = await this.#sources.get(linkId)?.catch(() => undefined);
    source?.want(demand);
  }

  async unpipe({ linkId, producerIds }: MeshParams<'unpipe'>): Promise<void> {
    const source = await this.#sources.get(linkId);
    if (producerIds === null) source?.close();
    else source?.stop(producerIds);
  }

  /** The last participant on this node has left the room. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const link of [...this.#links.values()]) link.close();
    for (const opening of this.#sources.values())
      opening.then((source) => source.close()).catch(() => {});
    await this.#exchange.close();
  }

  #onDifference(nodeId: string, difference: Difference, state: OtherState): void {
    for (const link of this.#linksOf(nodeId)) link.reflect(state.tracks);
    this.#options.onTracks(nodeId, { ...difference, gone: false });
    if (!difference.links) return;
    this.#keepSources(nodeId, state);
    this.#compareSoon();
  }

  #onForgotten(nodeId: string, state: OtherState): void {
    for (const link of this.#linksOf(nodeId)) link.close();
    const removed = [...state.tracks.keys()];
    this.#options.onTracks(nodeId, { tracks: [], removed, gone: true });
    for (const opening of this.#sources.values()) {
      opening.then((source) => source.nodeId === nodeId && source.close()).catch(() => {});
    }
  }

  #compareSoon(): void {
    this.#compareUntil = performance.now() + COMPARE_FOR_MS;
  }

  #compareSources(): void {
    if (performance.now() > this.#compareUntil || this.#sources.size === 0) return;
    for (const [nodeId, { state }] of this.#exchange.others) {
      if (state.isKnown) this.#keepSources(nodeId, state);
    }
  }

  /** Closes pipes to a node that does not name them: it missed our answer, or ended. */
  #keepSources(nodeId: string, { links }: OtherState): void {
    for (const [linkId, opening] of this.#sources) {
      opening
        .then((source) => {
          if (source.nodeId === nodeId) source.keep(links.get(linkId));
        })
        .catch(() => {});
    }
  }

  #refreshLinks(why: 'changed' | 'tick'): void {
    const links = why === 'tick' ? this.#links.values() : this.#changedLinks;
    for (const link of links) this.#exchange.own.setLink(link.id, link.producerIds);
    this.#changedLinks.clear();
  }

  #linksOf(nodeId: string): PipeLink[] {
    return [...this.#links.values()].filter((link) => link.from.nodeId === nodeId);
  }

  #open(from: { nodeId: string; routerId: string }, to: RoomRouter): PipeLink {
    const { room } = this.#options;
    const { nodeId, pipeListenInfo, resources, log } = this.#context;
    const link: PipeLink = new PipeLink({
      room,
      nodeId,
      from,
      to,
      listenInfo: pipeListenInfo,
      resources,
      log,
      request: (params) => this.#request(from.nodeId, 'pipe', params, PIPE_TIMEOUT_MS),
      demand: (params) => this.#request(from.nodeId, 'demand', params, PIPE_TIMEOUT_MS),
      endPipe: (params) => {
        this.#request(from.nodeId, 'unpipe', params, PIPE_TIMEOUT_MS).catch((err) => {
          log.debug({ err, nodeId: from.nodeId }, 'unpipe request failed');
        });
      },
      onChange: () => {
        if (link.closed) return;
        this.#changedLinks.add(link);
        this.#exchange.publish();
      },
      onClose: () => {
        if (this.#links.get(from.routerId) === link) this.#links.delete(from.routerId);
        this.#changedLinks.delete(link);
        this.#exchange.own.removeLink(link.id);
        this.#exchange.publish();
      },
    });
    this.#links.set(from.routerId, link);
    return link;
  }

  async #request<K extends MeshCommand>(
    nodeId: string,
    command: K,
    params: MeshParams<K>,
    timeoutMs: number,
  ): Promise<MeshResult<K>> {
    const answer = await this.#context.bus.request(nodeId, command, params, { timeoutMs });
    return parse(MESH_COMMANDS[command].result, answer) as MeshResult<K>;
  }
}

// A room on several nodes: publishes this node's part of its state, applies the other nodes' parts, and pipes
// tracks over.
import type { Producer, TransportListenInfo } from 'mediasoup/types';
import { ParleyError } from '../../../shared/errors.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Bus } from '../../cluster/cluster.ts';
import {
  MESH_COMMANDS,
  type MeshCommand,
  type MeshParams,
  type MeshResult,
  MeshState,
  type MeshTrack,
  meshTopic,
} from '../../cluster/messages/mesh.ts';
import type { Timer } from '../../telemetry/resources.ts';
import type { RoomRouter, RouterContext } from '../rooms/room-router.ts';
import type { RoomTrack } from '../rooms/room-tracks.ts';
import { PipeLink } from './pipe-link.ts';
import { PipeSource } from './pipe-source.ts';
import { TopicSubscription } from './topic-subscription.ts';

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
  /** The tracks whose participants are connected here. */
  ownTracks(): MeshTrack[];
  routerOf(routerId: string): RoomRouter | undefined;
  /** All tracks of a node. */
  onTracks(nodeId: string, tracks: readonly MeshTrack[]): void;
}

interface OtherNode {
  seq: number;
  heardAt: number;
}

/** Full state is republished this often, so a lost message is repaired within this time. */
const PUBLISH_EVERY_MS = 2_000;
/** A node that was silent for this long is taken to have none of the room any more. */
const SILENT_MS = 3.5 * PUBLISH_EVERY_MS;
/** Nodes answer each other in milliseconds. A node that stands still must not delay a join. */
const ASK_TIMEOUT_MS = 700;
const PIPE_TIMEOUT_MS = 2_000;

export class RoomMesh {
  readonly #options: RoomMeshOptions;
  readonly #context: MeshContext;
  readonly #others = new Map<string, OtherNode>();
  /** By the other node's router that they come from. */
  readonly #links = new Map<string, PipeLink>();
  readonly #sources = new Map<string, Promise<PipeSource>>();
  readonly #subscription: TopicSubscription<typeof MeshState>;
  #ticks: Timer | undefined;
  #publishing = false;
  #seq = Date.now();
  #closed = false;

  constructor(options: RoomMeshOptions, context: MeshContext) {
    this.#options = options;
    this.#context = context;
    this.#subscription = new TopicSubscription({
      ...context,
      topic: meshTopic(options.room),
      schema: MeshState,
      onMessage: (state) => this.#applyState(state),
      // Without it the room would stay cut in two for good.
      ...{ firstMs: PUBLISH_EVERY_MS, maxMs: PUBLISH_EVERY_MS },
    });
  }

  /** Asks these nodes for their part of the room, and publishes ours to them. */
  async exchange(nodeIds: readonly string[]): Promise<void> {
    const strangers = nodeIds.filter((id) => id !== this.#context.nodeId && !this.#others.has(id));
    if (strangers.length === 0) return;
    await Promise.all(
      strangers.map(async (nodeId) => {
        try {
          const params = { room: this.#options.room, from: this.#context.nodeId };
          const state = await this.#request(nodeId, 'meshState', params, ASK_TIMEOUT_MS);
          if (state) this.#applyState(state);
        } catch (err) {
          this.#context.log.info({ err, nodeId }, 'mesh state request failed');
        }
      }),
    );
    this.publishState();
  }

  /** Publishes this node's part of the room, once for all changes in one turn of the event loop. */
  publishState(): void {
    if (this.#publishing || this.#closed || this.#others.size === 0) return;
    this.#publishing = true;
    queueMicrotask(() => {
      this.#publishing = false;
      if (!this.#closed) this.#publish(false);
    });
  }

  /** @throws ParleyError when the other node cannot send it */
  obtain(track: RoomTrack, to: RoomRouter): Promise<Producer> {
    const { home } = track;
    if (home.nodeId === undefined) throw new Error('a track of our own needs no pipe from outside');
    const { nodeId, routerId } = home;
    let link = this.#links.get(routerId);
    if (!link || link.to !== to) {
      link?.close();
      link = this.#open({ nodeId, routerId }, to);
    }
    return link.obtain(track.producerId);
  }

  /** Answers another node that has participants of the room. */
  state(from: string): MeshState {
    this.#meetAsked(from);
    return this.#state(false);
  }

  async pipe(params: MeshParams<'pipe'>): Promise<MeshResult<'pipe'>> {
    const { routerOf } = this.#options;
    this.#meetAsked(params.from);
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

  async unpipe({ linkId, producerIds }: MeshParams<'unpipe'>): Promise<void> {
    const source = await this.#sources.get(linkId);
    if (producerIds === null) source?.close();
    else source?.stop(producerIds);
  }

  /** The last participant on this node has left the room. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#ticks?.close();
    for (const link of [...this.#links.values()]) link.close();
    for (const opening of this.#sources.values())
      opening.then((source) => source.close()).catch(() => {});
    if (this.#others.size > 0) this.#publish(true);
    await this.#subscription.close();
  }

  #meetAsked(nodeId: string): void {
    if (this.#others.has(nodeId)) return;
    this.#know(nodeId, { seq: 0, heardAt: performance.now() });
  }

  #applyState(state: MeshState): void {
    const { nodeId, seq } = state;
    if (this.#closed || nodeId === this.#context.nodeId) return;
    const known = this.#others.get(nodeId);
    if (known && known.seq >= seq) return;
    if (state.gone) {
      if (known) this.#forget(nodeId);
      return;
    }
    const tracks = new Map(state.tracks.map((track) => [track.producerId, track]));
    this.#know(nodeId, { seq, heardAt: performance.now() });
    for (const link of this.#linksOf(nodeId)) link.reflect(tracks);
    this.#options.onTracks(nodeId, state.tracks);
    this.#keepSources(nodeId, state.links);
    // A node that is new to us does not know our state either.
    if (!known) this.publishState();
  }

  #know(nodeId: string, other: OtherNode): void {
    this.#others.set(nodeId, other);
    this.#ticks ??= this.#context.resources.every(PUBLISH_EVERY_MS, () => this.#tick());
  }

  #tick(): void {
    if (!this.#context.isConnected()) {
      for (const other of this.#others.values()) other.heardAt = performance.now();
      return;
    }
    const silentSince = performance.now() - SILENT_MS;
    for (const [nodeId, { heardAt }] of [...this.#others]) {
      if (heardAt < silentSince) this.#forget(nodeId);
    }
    if (this.#others.size > 0) this.#publish(false);
  }

  #forget(nodeId: string): void {
    this.#others.delete(nodeId);
    for (const link of this.#linksOf(nodeId)) link.close();
    this.#options.onTracks(nodeId, []);
    for (const opening of this.#sources.values()) {
      opening.then((source) => source.nodeId === nodeId && source.close()).catch(() => {});
    }
    if (this.#others.size > 0) return;
    this.#ticks?.close();
    this.#ticks = undefined;
  }

  /** Closes pipes to a node that does not name them: it missed our answer, or ended. */
  #keepSources(nodeId: string, links: MeshState['links']): void {
    const wanted = new Map(links.map(({ linkId, producerIds }) => [linkId, new Set(producerIds)]));
    for (const [linkId, opening] of this.#sources) {
      opening
        .then((source) => {
          if (source.nodeId === nodeId) source.keep(wanted.get(linkId));
        })
        .catch(() => {});
    }
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
      endPipe: (params) => {
        this.#request(from.nodeId, 'unpipe', params, PIPE_TIMEOUT_MS).catch((err) => {
          log.debug({ err, nodeId: from.nodeId }, 'unpipe request failed');
        });
      },
      onChange: () => this.publishState(),
      onClose: () => {
        if (this.#links.get(from.routerId) === link) this.#links.delete(from.routerId);
        this.publishState();
      },
    });
    this.#links.set(from.routerId, link);
    return link;
  }

  #state(gone: boolean): MeshState {
    this.#seq = Math.max(this.#seq + 1, Date.now());
    return {
      nodeId: this.#context.nodeId,
      seq: this.#seq,
      tracks: gone ? [] : this.#options.ownTracks(),
      links: [...this.#links.values()].map(({ id, producerIds }) => ({ linkId: id, producerIds })),
      gone,
    };
  }

  #publish(gone: boolean): void {
    const { bus, log } = this.#context;
    bus.publish(meshTopic(this.#options.room), this.#state(gone)).catch((err) => {
      log.debug({ err, room: this.#options.room }, 'mesh state could not be published');
    });
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

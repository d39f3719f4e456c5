// What signalling may ask of media, typed: the one way from `web` to the nodes.
import { ParleyError } from '../../../shared/errors.ts';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Closer, Cluster, NodeInfo, SessionGuard } from '../../cluster/cluster.ts';
import {
  MEDIA_COMMANDS,
  MEDIA_EVENTS,
  type MediaCommand,
  MediaEnvelope,
  type MediaEvent,
  type MediaEventData,
  type MediaParams,
  type MediaResult,
  mediaTopic,
  type Opened,
} from '../../cluster/messages/media.ts';
import { chooseNode } from '../../room/placement.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources } from '../../telemetry/resources.ts';

/** Openings of one media session: a node may end under the first, or be full by now. */
const OPEN_ATTEMPTS = 3;
/** Closings of one media session. After these, its node finds out by itself that it is an orphan. */
const CLOSE_ATTEMPTS = 3;
const CLOSE_RETRY_MS = 500;
/** Placements of one opening: another replica may be first each time. */
const PLACE_ATTEMPTS = 5;
/** When to try again after no node could take a session: about when a worker has been replaced. */
const NO_CAPACITY_RETRY_MS = 2_000;

export type MediaListener = <K extends MediaEvent>(event: K, data: MediaEventData<K>) => void;

/** A media session that is open, and where. */
export interface OpenedAt extends Opened {
  nodeId: string;
}

export interface OpenRequest {
  room: string;
  guard: SessionGuard;
  rtpCapabilities: RtpCapabilities;
  /** Epoch of the newest media session so far, 0 when there was none. */
  after: number;
  /** A node to be left. */
  leaving?: string;
}

export interface MediaClientOptions {
  cluster: Cluster;
  timeoutMs: number;
  region: string | undefined;
  spillSessions: number;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

export class MediaClient {
  readonly #options: MediaClientOptions;
  #listing: Promise<NodeInfo[]> | undefined;

  constructor(options: MediaClientOptions) {
    this.#options = options;
  }

  /**
   * Opens a media session where the room is, or where it spills to.
   * @throws ParleyError `no_capacity`, `media_failed`, `timeout`, `session_lost`, `unavailable`
   */
  async open(request: OpenRequest): Promise<OpenedAt> {
    const { room, guard, rtpCapabilities, after, leaving } = request;
    const { participantId, fence } = guard;
    const avoid = new Set(leaving === undefined ? [] : [leaving]);
    for (let attempt = 1; ; attempt++) {
      let nodeId: string | undefined;
      try {
        const place = await this.#place(room, participantId, avoid);
        nodeId = place.nodeId;
        const opened = await this.#request(nodeId, 'open', {
          room,
          participantId,
          fence,
          rtpCapabilities,
          after,
          nodes: place.others,
        });
        return { ...opened, nodeId };
      } catch (error) {
        const { retryable, code } = ParleyError.from(error);
        if (nodeId !== undefined) {
          // The node may still open it, though no client waits for it any more.
          const mayOpen = code === 'timeout' || code === 'unavailable';
          if (mayOpen) void this.close(nodeId, { room, participantId, epoch: null });
          avoid.add(nodeId);
        }
        if (!retryable || nodeId === undefined || attempt >= OPEN_ATTEMPTS) throw error;
        // The only node there is may have had an accident: its successor is there soon.
        const others = (await this.#options.cluster.nodes.list()).some(({ id }) => !avoid.has(id));
        if (!others && nodeId !== leaving) avoid.delete(nodeId);
      }
    }
  }

  /** A move failed: the placement is again the node that the participant is still on. Never rejects. */
  async undoMove(room: string, participantId: string, nodeId: string): Promise<void> {
    const { cluster, log } = this.#options;
    try {
      const placement = await cluster.rooms.placement(room);
      if (!placement || placement.nodes[participantId] === nodeId) return;
      await cluster.rooms.place(room, participantId, nodeId, placement.epoch);
    } catch (err) {
      log.debug({ err, room, participantId }, 'a placement was not taken back');
    }
  }

  /**
   * The media session that a participant has, for whoever has claimed the session: the node opens nothing
   * any more for those who held it before.
   *
   * @throws ParleyError `media_failed` when there is none
   */
  async describe(room: string, { participantId, fence }: SessionGuard): Promise<OpenedAt> {
    const placement = await this.#options.cluster.rooms.placement(room);
    const nodeId = placement?.nodes[participantId];
    if (nodeId === undefined) throw new ParleyError('media_failed');
    return { ...(await this.#request(nodeId, 'describe', { room, participantId, fence })), nodeId };
  }

  /**
   * Closes a media session, if it is there, and asks again while the node is too busy to answer.
   * Never rejects: a node that is gone has closed it.
   */
  async close(nodeId: string, params: MediaParams<'close'>): Promise<void> {
    const { resources, log } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#request(nodeId, 'close', params);
        return;
      } catch (err) {
        log.debug({ err, nodeId, attempt }, 'media was not closed');
        const { code } = ParleyError.from(err);
        // Without an epoch it would close what was opened there meanwhile.
        const mayBeOpen = params.epoch !== null && (code === 'timeout' || code === 'unavailable');
        if (!mayBeOpen || attempt >= CLOSE_ATTEMPTS) return;
        await resources.wait(CLOSE_RETRY_MS * attempt);
      }
    }
  }

  /** @throws ParleyError what the node answers */
  send<K extends MediaCommand>(
    nodeId: string,
    command: K,
    params: MediaParams<K>,
  ): Promise<MediaResult<K>> {
    return this.#request(nodeId, command, params);
  }

  /** Events of a room's media. What does not parse is logged and dropped. */
  subscribe(room: string, listener: MediaListener): Promise<Closer> {
    return this.#options.cluster.bus.subscribe(mediaTopic(room), (message) => {
      try {
        const { event, data } = parse(MediaEnvelope, message);
        if (!Object.hasOwn(MEDIA_EVENTS, event)) throw new ParleyError('unknown_method');
        const name = event as MediaEvent;
        listener(name, parse(MEDIA_EVENTS[name], data) as MediaEventData<typeof name>);
      } catch (error) {
        this.#options.log.error({ err: error, room }, 'a media event could not be read');
      }
    });
  }

  /** Places a participant: atomically, so that all who come at once agree where the room is. */
  async #place(
    room: string,
    participantId: string,
    avoid: ReadonlySet<string>,
  ): Promise<{ nodeId: string; others: string[] }> {
    const { cluster, region, spillSessions } = this.#options;
    let [placement, nodes] = await Promise.all([cluster.rooms.placement(room), this.#nodes()]);
    for (let attempt = 1; attempt <= PLACE_ATTEMPTS; attempt++) {
      const wish = { region, spillSessions, avoid };
      const nodeId = chooseNode(nodes, placement, wish);
      if (nodeId === undefined) {
        throw new ParleyError('no_capacity', { retryAfterMs: NO_CAPACITY_RETRY_MS });
      }
      placement = await cluster.rooms.place(room, participantId, nodeId, placement?.epoch ?? 0);
      if (placement.nodes[participantId] === nodeId) {
        const others = new Set(Object.values(placement.nodes));
        others.delete(nodeId);
        return { nodeId, others: [...others] };
      }
      nodes = await cluster.nodes.list();
    }
    throw new ParleyError('no_capacity', { retryAfterMs: NO_CAPACITY_RETRY_MS });
  }

  /**
   * Placements that begin together read the registry once. What it says may be as old as the first of them:
   * a node that it names in vain refuses, and the next attempt asks anew.
   */
  #nodes(): Promise<NodeInfo[]> {
    this.#listing ??= this.#options.cluster.nodes.list().finally(() => {
      this.#listing = undefined;
    });
    return this.#listing;
  }

  async #request<K extends MediaCommand>(
    nodeId: string,
    command: K,
    params: MediaParams<K>,
  ): Promise<MediaResult<K>> {
    const { cluster, timeoutMs, metrics } = this.#options;
    const stop = metrics.commands.startTimer({ command });
    try {
      const result = await cluster.bus.request(nodeId, command, params, { timeoutMs });
      const parsed = parse(MEDIA_COMMANDS[command].result, result);
      stop({ outcome: 'ok' });
      return parsed as MediaResult<K>;
    } catch (error) {
      stop({ outcome: ParleyError.from(error).code });
      throw error;
    }
  }
}

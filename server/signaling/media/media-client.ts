// What signalling may ask of media, typed: the one way from `web` to the nodes.
import { ParleyError } from '../../../shared/errors.ts';
import type { RtpCapabilities } from '../../../shared/media/rtp.ts';
import type { Feature } from '../../../shared/protocol/protocol.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import type { Cluster, NodeInfo, Placement, SessionGuard } from '../../cluster/cluster.ts';
import {
  MEDIA_COMMANDS,
  type MediaCommand,
  type MediaParams,
  type MediaResult,
  type MediaView,
  type Opened,
} from '../../cluster/messages/media.ts';
import { chooseNode } from '../../room/placement.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources } from '../../telemetry/resources.ts';
import type { MediaEvents } from './media-events.ts';
import type { Client } from './shared-capabilities.ts';

/** Attempts to open one media session: the first node may have ended, or be full. */
const OPEN_ATTEMPTS = 3;
/** Attempts to close one media session. Its node finds an orphan by itself later. */
const CLOSE_ATTEMPTS = 3;
const CLOSE_RETRY_MS = 500;
/** Placements of one opening. Each time another replica was first, the room is on one node more. */
const PLACE_ATTEMPTS = 5;
/** When to try again after no node could take a session: about when a worker has been replaced. */
const NO_CAPACITY_RETRY_MS = 2_000;

/** A media session that was opened, and its node. */
export interface OpenedOnNode extends Opened {
  nodeId: string;
}

/** Transports that are open before their participant joins. */
export interface PreparedMedia {
  readonly id: string;
  readonly participantId: string;
  readonly nodeId: string;
  readonly epoch: number;
}

export interface OpenRequest {
  room: string;
  guard: SessionGuard;
  rtpCapabilities: RtpCapabilities;
  /** Whether the client understands what is received of its tracks. */
  demand: boolean;
  /** Epoch of the newest media session so far, 0 when there was none. */
  after: number;
  /** What the client looks at, if it has said so. */
  view?: MediaView | undefined;
  /** The node that the media is moved away from. */
  leaving?: string;
  /** Transports that the client has ready. */
  prepared?: PreparedMedia | undefined;
  /** Read ahead, while the caller waited for something else. */
  survey?: Promise<Survey>;
}

/** What a placement is chosen from. */
export interface Survey {
  placement: Placement | undefined;
  nodes: NodeInfo[];
}

export interface MediaClientOptions {
  cluster: Cluster;
  /** Where nodes send events of the sessions of this replica. */
  events: Pick<MediaEvents, 'replica'>;
  timeoutMs: number;
  region: string | undefined;
  spillSessions: number;
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

/** A client that does not name the feature is never told to send less. */
export function understandsDemand({ features }: Pick<Client, 'features'>): boolean {
  return features.includes('demand' satisfies Feature);
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
  async open(request: OpenRequest): Promise<OpenedOnNode> {
    const { room, guard, rtpCapabilities, demand, after, leaving, prepared, survey, view } =
      request;
    const { participantId, fence } = guard;
    const avoid = new Set(leaving === undefined ? [] : [leaving]);
    for (let attempt = 1; ; attempt++) {
      let nodeId: string | undefined;
      try {
        const read = (attempt === 1 && survey) || this.survey(room);
        const place = await this.#place(room, participantId, avoid, read, prepared?.nodeId);
        nodeId = place.nodeId;
        const opened = await this.#request(nodeId, 'open', {
          room,
          participantId,
          fence,
          rtpCapabilities,
          demand,
          after,
          nodes: place.others,
          ...(view && { view }),
          ...this.#address,
          ...(nodeId === prepared?.nodeId && { prepared: prepared.id }),
        });
        return { ...opened, nodeId };
      } catch (error) {
        const { retryable, code } = ParleyError.from(error);
        if (nodeId !== undefined) {
          // The node may still open the session, which no client would use.
          const mayOpen = code === 'timeout' || code === 'unavailable';
          if (mayOpen) void this.close(nodeId, { room, participantId, epoch: null });
          avoid.add(nodeId);
        }
        if (!retryable || nodeId === undefined || attempt >= OPEN_ATTEMPTS) throw error;
        // The only node may have lost a worker, which is replaced soon.
        const others = (await this.#options.cluster.nodes.list()).some(({ id }) => !avoid.has(id));
        if (!others && nodeId !== leaving) avoid.delete(nodeId);
      }
    }
  }

  /** Where the room is, and which nodes there are. It may be old by the time it is used: then the store says so. */
  async survey(room: string): Promise<Survey> {
    const { cluster } = this.#options;
    const [placement, nodes] = await Promise.all([cluster.rooms.placement(room), this.#nodes()]);
    return { placement, nodes };
  }

  /** While the caller waits for something else: each trip to the store in turn would delay the first picture. */
  surveyAhead(room: string): Promise<Survey> {
    const survey = this.survey(room);
    survey.catch(() => {});
    return survey;
  }

  /** A move has failed: the participant is placed on their node of before again. Never rejects. */
  async restorePlacement(room: string, participantId: string, nodeId: string): Promise<void> {
    const { cluster, log } = this.#options;
    try {
      const [placement, placed] = await Promise.all([
        cluster.rooms.placement(room),
        cluster.rooms.nodeOf(room, participantId),
      ]);
      if (!placement || placed === nodeId) return;
      await cluster.rooms.place(room, participantId, nodeId, placement.epoch);
    } catch (err) {
      log.debug({ err, room, participantId }, 'a placement was not taken back');
    }
  }

  /**
   * The media session of a participant whose session was just claimed. From now on the node refuses to open
   * one with an older fence.
   *
   * @throws ParleyError `media_failed` when there is none
   */
  async describe(
    room: string,
    { participantId, fence }: SessionGuard,
    client: Pick<Client, 'features'>,
  ): Promise<OpenedOnNode> {
    const nodeId = await this.#options.cluster.rooms.nodeOf(room, participantId);
    if (nodeId === undefined) throw new ParleyError('media_failed');
    const demand = understandsDemand(client);
    const params = { room, participantId, fence, demand, ...this.#address };
    return { ...(await this.#request(nodeId, 'describe', params)), nodeId };
  }

  /**
   * Closes a media session if the node has it, and tries again while the node is too busy to answer.
   * Never rejects: a node that is gone has no session.
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
        // A repetition without an epoch could close a newer session.
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

  /** Named with each command that makes this replica the holder of a session. */
  get #address(): { replica?: string } {
    const { replica } = this.#options.events;
    return replica === undefined ? {} : { replica };
  }

  /** Places a participant in one atomic step, so that replicas that place at once agree on the room's nodes. */
  async #place(
    room: string,
    participantId: string,
    avoid: ReadonlySet<string>,
    survey: Promise<Survey>,
    preparedOn: string | undefined,
  ): Promise<{ nodeId: string; others: string[] }> {
    const { cluster, region, spillSessions } = this.#options;
    let { placement, nodes } = await survey;
    for (let attempt = 1; attempt <= PLACE_ATTEMPTS; attempt++) {
      const wish = { region, spillSessions, avoid, preparedOn };
      const nodeId = chooseNode(nodes, placement, wish);
      if (nodeId === undefined) {
        throw new ParleyError('no_capacity', { retryAfterMs: NO_CAPACITY_RETRY_MS });
      }
      const placed = await cluster.rooms.place(room, participantId, nodeId, placement?.epoch ?? 0);
      placement = placed;
      if (placed.nodeId === nodeId) {
        return { nodeId, others: Object.keys(placed.nodes).filter((id) => id !== nodeId) };
      }
      nodes = await cluster.nodes.list();
    }
    throw new ParleyError('no_capacity', { retryAfterMs: NO_CAPACITY_RETRY_MS });
  }

  /**
   * Placements that begin together read the registry once. A node of that list may be gone: then the opening
   * fails, and the next attempt reads the registry again.
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

// What signalling may ask of media, typed: the one way from `web` to the nodes.
import { ParleyError } from '../../shared/errors.ts';
import type { MediaOffer } from '../../shared/protocol.ts';
import { parse } from '../../shared/rpc.ts';
import type { RtpCapabilities } from '../../shared/rtp.ts';
import type { Closer, Cluster } from '../cluster/cluster.ts';
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
} from '../cluster/media-protocol.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { chooseNode } from './placement.ts';

/** Openings of one media session: a worker may die under the first, its successor is there soon. */
const OPEN_ATTEMPTS = 2;
/** When to try again after nobody could take a session: about when a worker has been replaced. */
const NO_CAPACITY_RETRY_MS = 2_000;

export type MediaListener = <K extends MediaEvent>(event: K, data: MediaEventData<K>) => void;

export interface MediaClientOptions {
  cluster: Cluster;
  timeoutMs: number;
  metrics: Metrics;
  log: Logger;
}

export class MediaClient {
  readonly #options: MediaClientOptions;

  constructor(options: MediaClientOptions) {
    this.#options = options;
  }

  /**
   * Opens a media session where the room is, placing the room first if it is nowhere.
   * @throws ParleyError `no_capacity`, `media_failed`, `timeout`
   */
  async open(
    room: string,
    participantId: string,
    rtpCapabilities: RtpCapabilities,
  ): Promise<{ offer: MediaOffer; nodeId: string }> {
    for (let attempt = 1; ; attempt++) {
      let nodeId: string | undefined;
      try {
        nodeId = await this.#place(room);
        const params = { room, participantId, rtpCapabilities };
        return { offer: await this.#request(nodeId, 'open', params), nodeId };
      } catch (error) {
        // It may still open what nobody waits for any more.
        if (nodeId !== undefined) void this.close(nodeId, room, participantId);
        const { retryable } = ParleyError.from(error);
        if (!retryable || attempt >= OPEN_ATTEMPTS) throw error;
      }
    }
  }

  /** Closes a media session, if it is there. Never rejects: a node that is gone has closed it. */
  async close(nodeId: string, room: string, participantId: string): Promise<void> {
    await this.#request(nodeId, 'close', { room, participantId }).catch((err) => {
      this.#options.log.debug({ err, room, participantId }, 'media was not closed');
    });
  }

  /** @throws ParleyError what the node answers; `media_failed` when the room is on none */
  async send<K extends MediaCommand>(command: K, params: MediaParams<K>): Promise<MediaResult<K>> {
    const { room } = params as { room: string };
    const placement = await this.#options.cluster.rooms.placement(room);
    if (!placement) throw new ParleyError('media_failed');
    return this.#request(placement.nodeId, command, params);
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

  async #place(room: string): Promise<string> {
    const { rooms, nodes } = this.#options.cluster;
    const [current, known] = await Promise.all([rooms.placement(room), nodes.list()]);
    const nodeId = chooseNode(known, current);
    if (nodeId === undefined) {
      throw new ParleyError('no_capacity', { retryAfterMs: NO_CAPACITY_RETRY_MS });
    }
    if (nodeId === current?.nodeId) return nodeId;
    return (await rooms.place(room, nodeId, current)).nodeId;
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

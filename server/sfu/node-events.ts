// Publishes events of this node's rooms to the `web` replicas that hold their sessions.
import type { Bus } from '../cluster/cluster.ts';
import {
  type MediaEvent,
  type MediaEventData,
  mediaTopic,
  replicaTopic,
} from '../cluster/messages/media.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Resources } from '../telemetry/resources.ts';
import { Retry } from '../telemetry/retry.ts';
import type { PublishTo } from './rooms/media-room.ts';

export interface NodeEventsOptions {
  nodeId: string;
  bus: Pick<Bus, 'publish'>;
  /** False when this node may have lost its rooms: then its events are not published. */
  mayPublish(): boolean;
  resources: Resources;
  log: Logger;
}

/** A media session that is gone, and the replica that has its participant's session. */
export interface LostMedia {
  readonly participantId: string;
  readonly epoch: number;
  readonly holder: { readonly replica: string | undefined };
}

/** After an event was lost: before `missed` is published instead, and between attempts. */
const MISSED = { firstMs: 500, maxMs: 10_000 };

export class NodeEvents {
  readonly #options: NodeEventsOptions;
  /** Rooms with a lost event, until `missed` is published there. */
  readonly #missed = new Map<string, Retry>();
  #closed = false;

  constructor(options: NodeEventsOptions) {
    this.#options = options;
  }

  publisher(room: string): PublishTo {
    return (event, data, replica) => void this.#publish(room, event, data, replica);
  }

  /** These participants lost their media session and have to open another. Resolves when it is published. */
  async lost(room: string, lost: readonly LostMedia[], reason: string): Promise<void> {
    const byReplica = Map.groupBy(lost, ({ holder }) => holder.replica);
    await Promise.all(
      [...byReplica].map(([replica, all]) => {
        const participants = all.map(({ participantId, epoch }) => ({ participantId, epoch }));
        return this.#publish(room, 'lost', { participants, reason }, replica);
      }),
    );
  }

  async #publish<K extends MediaEvent>(
    room: string,
    event: K,
    data: MediaEventData<K>,
    replica?: string,
  ): Promise<void> {
    const { bus, mayPublish, log } = this.#options;
    // A node that regains its lease says `missed` in all its rooms.
    if (!mayPublish()) return;
    if (event === 'missed') this.#forget(room);
    const publishing =
      replica === undefined
        ? bus.publish(mediaTopic(room), { event, data })
        : bus.publish(replicaTopic(replica), { room, event, data });
    await publishing.catch((err) => {
      log.debug({ err, room, event }, 'a media event was not published');
      // The speakers are published again soon anyway.
      if (event !== 'speakers') this.#publishMissed(room);
    });
  }

  /** `web` reads the sessions of a room that missed something, and sends clients what differs. */
  #publishMissed(
    room: string,
    retry = new Retry({ ...MISSED, resources: this.#options.resources }),
  ): void {
    if (this.#closed || this.#missed.has(room)) return;
    const { bus, nodeId } = this.#options;
    this.#missed.set(room, retry);
    retry.later(() => {
      this.#missed.delete(room);
      const missed = { event: 'missed', data: { nodeId } } as const;
      bus.publish(mediaTopic(room), missed).catch(() => this.#publishMissed(room, retry));
    });
  }

  #forget(room: string): void {
    this.#missed.get(room)?.reset();
    this.#missed.delete(room);
  }

  close(): void {
    this.#closed = true;
    for (const room of [...this.#missed.keys()]) this.#forget(room);
  }
}

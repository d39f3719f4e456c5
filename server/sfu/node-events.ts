// Publishes events of this node's rooms to the `web` replicas that hold their sessions.
import type { Bus } from '../cluster/cluster.ts';
import { type MediaEvent, type MediaEventData, mediaTopic } from '../cluster/messages/media.ts';
import type { Logger } from '../telemetry/log.ts';
import type { PublishEvent } from './rooms/media-room.ts';

export interface NodeEventsOptions {
  bus: Pick<Bus, 'publish'>;
  /** False when this node may have lost its rooms: then its events are not published. */
  mayPublish(): boolean;
  log: Logger;
}

export class NodeEvents {
  readonly #options: NodeEventsOptions;

  constructor(options: NodeEventsOptions) {
    this.#options = options;
  }

  publisher(room: string): PublishEvent {
    return (event, data) => void this.#publish(room, event, data);
  }

  /** These participants lost their media session and have to open another. Resolves when it is published. */
  async lost(
    room: string,
    lost: ReadonlyArray<{ participantId: string; epoch: number }>,
    reason: string,
  ): Promise<void> {
    if (lost.length === 0) return;
    const participants = lost.map(({ participantId, epoch }) => ({ participantId, epoch }));
    await this.#publish(room, 'lost', { participants, reason });
  }

  async #publish<K extends MediaEvent>(
    room: string,
    event: K,
    data: MediaEventData<K>,
  ): Promise<void> {
    const { bus, mayPublish, log } = this.#options;
    if (!mayPublish()) return;
    await bus.publish(mediaTopic(room), { event, data }).catch((err) => {
      log.debug({ err, room, event }, 'a media event was not published');
    });
  }
}

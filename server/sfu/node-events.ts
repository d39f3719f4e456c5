// What a node tells of its rooms, to the web replicas that have people in them.
import type { Bus } from '../cluster/cluster.ts';
import { type MediaEvent, type MediaEventData, mediaTopic } from '../cluster/messages/media.ts';
import type { Logger } from '../telemetry/log.ts';
import type { PublishEvent } from './rooms/media-room.ts';

export interface NodeEventsOptions {
  bus: Pick<Bus, 'publish'>;
  /** Nobody should hear of rooms from a node that may have lost them. */
  mayTell(): boolean;
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

  /** Their media is gone: they have to open it again. Resolves when it is said. */
  async lost(
    room: string,
    peers: ReadonlyArray<{ participantId: string; epoch: number }>,
    reason: string,
  ): Promise<void> {
    if (peers.length === 0) return;
    const participants = peers.map(({ participantId, epoch }) => ({ participantId, epoch }));
    await this.#publish(room, 'lost', { participants, reason });
  }

  async #publish<K extends MediaEvent>(
    room: string,
    event: K,
    data: MediaEventData<K>,
  ): Promise<void> {
    const { bus, mayTell, log } = this.#options;
    if (!mayTell()) return;
    await bus.publish(mediaTopic(room), { event, data }).catch((err) => {
      log.debug({ err, room, event }, 'a media event was not published');
    });
  }
}

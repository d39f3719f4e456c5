// What a node tells of its rooms, to the web replicas that have people in them.
import type { Bus } from '../cluster/cluster.ts';
import { type MediaEvent, type MediaEventData, mediaTopic } from '../cluster/messages/media.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Resources, Timer } from '../telemetry/resources.ts';
import type { PublishEvent } from './rooms/media-room.ts';

export interface NodeEventsOptions {
  nodeId: string;
  bus: Pick<Bus, 'publish'>;
  /** Nobody should hear of rooms from a node that may have lost them. */
  mayTell(): boolean;
  resources: Resources;
  log: Logger;
}

/** Before a room is told that it was not told something. Doubles up to the second. */
const MISSED_MS = 500;
const MISSED_MAX_MS = 10_000;

export class NodeEvents {
  readonly #options: NodeEventsOptions;
  /** Rooms that were not told of something, until they have been told that. */
  readonly #missed = new Map<string, Timer>();
  #closed = false;

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
    // Who regains its lease tells all rooms that they missed something.
    if (!mayTell()) return;
    if (event === 'missed') this.#forget(room);
    await bus.publish(mediaTopic(room), { event, data }).catch((err) => {
      log.debug({ err, room, event }, 'a media event was not published');
      // Who speaks is said again soon anyway.
      if (event !== 'speakers') this.#tellLater(room, MISSED_MS);
    });
  }

  /** `web` asks for the sessions of a room that missed something, and tells clients what differs. */
  #tellLater(room: string, delayMs: number): void {
    if (this.#closed || this.#missed.has(room)) return;
    const { bus, nodeId, resources } = this.#options;
    const timer = resources.after(delayMs, () => {
      this.#missed.delete(room);
      const missed = { event: 'missed', data: { nodeId } } as const;
      bus.publish(mediaTopic(room), missed).catch(() => {
        this.#tellLater(room, Math.min(delayMs * 2, MISSED_MAX_MS));
      });
    });
    this.#missed.set(room, timer);
  }

  #forget(room: string): void {
    this.#missed.get(room)?.close();
    this.#missed.delete(room);
  }

  close(): void {
    this.#closed = true;
    for (const room of [...this.#missed.keys()]) this.#forget(room);
  }
}

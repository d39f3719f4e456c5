// The producers of each track on one media session: one, or two while the client changes its codec.
import type { Producer } from 'mediasoup/types';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { MediaRoom } from '../rooms/media-room.ts';
import { takeOf } from '../rooms/room-tracks.ts';

/**
 * The producer before is closed this long after the one that replaces it: receivers wait four seconds at most for
 * the first picture of the new one, and clients end the old one by themselves earlier.
 */
export const OLDER_TAKE_MS = 8_000;

interface Sender {
  readonly participantId: string;
  readonly epoch: number;
}

export class Takes {
  readonly #room: Pick<MediaRoom<never>, 'tracks'>;
  readonly #sender: Sender;
  readonly #resources: Resources;
  readonly #closing = new Set<Timer>();

  constructor(room: Pick<MediaRoom<never>, 'tracks'>, sender: Sender, resources: Resources) {
    this.#room = room;
    this.#sender = sender;
    this.#resources = resources;
  }

  /** Whether this take, or one that replaced it, is published. */
  has(trackId: string, take: number): boolean {
    return this.#published(trackId).some((track) => takeOf(track) >= take);
  }

  /** Oldest first. */
  of(trackId: string): Producer[] {
    return this.#published(trackId).map(({ producer }) => producer);
  }

  /** All takes but the newest end: that before it soon, earlier ones at once. */
  closeOlder(trackId: string): void {
    const [before, ...earlier] = this.of(trackId).slice(0, -1).toReversed();
    for (const producer of earlier) producer.close();
    if (!before) return;
    const timer = this.#resources.after(OLDER_TAKE_MS, () => {
      this.#closing.delete(timer);
      before.close();
    });
    this.#closing.add(timer);
  }

  /** Idempotent. The producers end with their transport. */
  close(): void {
    for (const timer of this.#closing) timer.close();
    this.#closing.clear();
  }

  #published(trackId: string) {
    const { participantId, epoch } = this.#sender;
    return this.#room.tracks.of(trackId).flatMap((track) => {
      if (track.participantId !== participantId || track.epoch !== epoch) return [];
      const { home, producerId, take = 0 } = track;
      const producer = home.nodeId === undefined ? home.router.own(producerId) : undefined;
      return producer ? [{ take, producer }] : [];
    });
  }
}

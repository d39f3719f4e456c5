// Compares what is here with the store: sessions that nobody explains any more, because the word of
// their end was lost, and nodes of a room that do not know of each other.
import type { RoomStore } from '../../cluster/cluster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { ParticipantMedia } from '../endpoints/participant-media.ts';
import type { NodeRoom } from './node-room.ts';

export interface OrphansOptions {
  nodeId: string;
  store: Pick<RoomStore, 'placement'>;
  rooms(): readonly NodeRoom[];
  resources: Resources;
  log: Logger;
}

/** How often every session is compared with the store: a read for each room. */
const CHECK_EVERY_MS = 10_000;
/** A move may take this long from its beginning to the end of the session it leaves. */
const GRACE_MS = 20_000;

export class Orphans {
  readonly #options: OrphansOptions;
  readonly #timer: Timer;
  /** Since when a session is without explanation. */
  readonly #since = new WeakMap<ParticipantMedia, number>();
  #checking = false;

  constructor(options: OrphansOptions) {
    this.#options = options;
    this.#timer = options.resources.every(CHECK_EVERY_MS, () => {
      if (this.#checking) return;
      this.#checking = true;
      this.check({ atOnce: false })
        .catch((err) => options.log.debug({ err }, 'sessions could not be compared'))
        .finally(() => {
          this.#checking = false;
        });
    });
  }

  /** @param atOnce closes without a grace what is placed elsewhere: we were away for long */
  async check({ atOnce }: { atOnce: boolean }): Promise<void> {
    const { nodeId, store, rooms, log } = this.#options;
    for (const room of rooms()) {
      const placement = await store.placement(room.name);
      // Nodes that lost touch with each other, though both have people of the room.
      if (placement) void room.mesh.meet([...new Set(Object.values(placement.nodes))]);
      for (const peer of room.peers) {
        const place = placement?.nodes[peer.participantId];
        if (place === nodeId) {
          this.#since.delete(peer);
          continue;
        }
        const since = this.#since.get(peer) ?? performance.now();
        this.#since.set(peer, since);
        // Nowhere is not elsewhere: a store that forgot people is told of them before long, by one
        // replica after the other.
        const patience = atOnce && place !== undefined ? 0 : GRACE_MS;
        if (performance.now() - since < patience) continue;
        log.info({ room: room.name, participantId: peer.participantId }, 'an orphan was closed');
        peer.close();
      }
    }
  }

  close(): void {
    this.#timer.close();
  }
}

// Compares what is here with the store: sessions that nobody explains any more, because the word of
// their end was lost, and nodes of a room that do not know of each other.
import type { RoomStore } from '../../cluster/cluster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { ParticipantMedia } from '../endpoints/participant-media.ts';
import type { NodeRoom } from './node-room.ts';

export interface Graces {
  /** How long a session that was moved elsewhere may go on carrying. */
  drainGraceMs: number;
  /** How long a session may be without explanation. */
  orphanGraceMs: number;
}

export interface OrphansOptions extends Graces {
  nodeId: string;
  store: Pick<RoomStore, 'placement'>;
  rooms(): readonly CheckedRoom[];
  resources: Resources;
  log: Logger;
}

/** A room and its sessions, as far as they are compared. */
export interface CheckedRoom extends Pick<NodeRoom, 'name'> {
  readonly mesh: Pick<NodeRoom['mesh'], 'meet'>;
  readonly peers: readonly CheckedPeer[];
}
type CheckedPeer = Pick<ParticipantMedia, 'participantId' | 'carries' | 'close'>;

/** Comparisons of every session with the store within the grace: a read for each room. */
const CHECKS_PER_GRACE = 2;

export class Orphans {
  readonly #options: OrphansOptions;
  readonly #timer: Timer;
  /** Since when a session is without explanation. */
  readonly #since = new WeakMap<CheckedPeer, number>();
  #checking = false;

  constructor(options: OrphansOptions) {
    this.#options = options;
    this.#timer = options.resources.every(options.orphanGraceMs / CHECKS_PER_GRACE, () => {
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
        if (performance.now() - since < this.#patienceMs(peer, place, atOnce)) continue;
        log.info({ room: room.name, participantId: peer.participantId }, 'an orphan was closed');
        peer.close();
      }
    }
  }

  #patienceMs(peer: CheckedPeer, place: string | undefined, atOnce: boolean): number {
    const { orphanGraceMs, drainGraceMs } = this.#options;
    // Nowhere is not elsewhere: a store that forgot people is told of them before long, by one replica
    // after the other.
    if (place === undefined) return orphanGraceMs;
    // The client shows from here what does not keep up elsewhere yet.
    if (peer.carries) return Math.max(orphanGraceMs, drainGraceMs);
    return atOnce ? 0 : orphanGraceMs;
  }

  close(): void {
    this.#timer.close();
  }
}

// Compares this node with the store: finds media sessions key end was never announced here, and nodes of one
// room that do not know of each other.
import type { RoomStore } from '../../cluster/cluster.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Resources, Timer } from '../../telemetry/resources.ts';
import type { ParticipantMedia } from '../endpoints/participant-media.ts';
import type { NodeRoom } from './node-room.ts';

export interface Graces {
  /** How long a session that was moved to another node may keep carrying media. */
  drainGraceMs: number;
  /** How long a session may be without a placement here. */
  orphanGraceMs: number;
}

export interface OrphansOptions extends Graces {
  nodeId: string;
  store: Pick<RoomStore, 'placements'>;
  rooms(): readonly CheckedRoom[];
  resources: Resources;
  log: Logger;
}

/** The part of a room that is compared. */
export interface CheckedRoom extends Pick<NodeRoom, 'name'> {
  readonly mesh: Pick<NodeRoom['mesh'], 'exchange'>;
  readonly participants: readonly CheckedMedia[];
}
type CheckedMedia = Pick<ParticipantMedia, 'participantId' | 'carries' | 'close'>;

/** Comparisons of every session with the store within the grace: a read for each room. */
const CHECKS_PER_GRACE = 2;

export class Orphans {
  readonly #options: OrphansOptions;
  readonly #timer: Timer;
  /** When a session was first found without a placement here. */
  readonly #since = new WeakMap<CheckedMedia, number>();
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

  /** @param atOnce closes sessions placed elsewhere without a grace period: this node was away for long */
  async check({ atOnce }: { atOnce: boolean }): Promise<void> {
    const { nodeId, store, rooms, log } = this.#options;
    for (const room of rooms()) {
      const nodes = await store.placements(room.name);
      // Both nodes have participants of the room, but may have lost touch with each other.
      if (nodes) void room.mesh.exchange([...new Set(Object.values(nodes))]);
      for (const participant of room.participants) {
        const place = nodes?.[participant.participantId];
        if (place === nodeId) {
          this.#since.delete(participant);
          continue;
        }
        const since = this.#since.get(participant) ?? performance.now();
        this.#since.set(participant, since);
        if (performance.now() - since < this.#patienceMs(participant, place, atOnce)) continue;
        log.info(
          { room: room.name, participantId: participant.participantId },
          'an orphan was closed',
        );
        participant.close();
      }
    }
  }

  #patienceMs(participant: CheckedMedia, place: string | undefined, atOnce: boolean): number {
    const { orphanGraceMs, drainGraceMs } = this.#options;
    // No placement is not a placement elsewhere: replicas may still be restoring the store.
    if (place === undefined) return orphanGraceMs;
    // The client still shows tracks from here until the new session keeps up.
    if (participant.carries) return Math.max(orphanGraceMs, drainGraceMs);
    return atOnce ? 0 : orphanGraceMs;
  }

  close(): void {
    this.#timer.close();
  }
}

// The recordings of rooms, as applications and operators control them: through the state of each room.
import type { RoomOp } from '../../../shared/room/operations.ts';
import type { RoomRecording } from '../../../shared/room/room.ts';
import type { RoomRecordings } from '../../api/recordings/control.ts';
import type { RoomStore } from '../../cluster/cluster.ts';

type Rooms = Pick<RoomStore, 'order' | 'recording' | 'names'>;

/** Rooms that are asked at once: the store has to answer others meanwhile. */
const ROOMS_AT_ONCE = 50;

export class RoomControl implements RoomRecordings {
  readonly #rooms: Rooms;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  async start(room: string, id: string): Promise<void> {
    const recording = { id, startedAt: Date.now(), startedBy: null, paused: false };
    await this.#order(room, { op: 'record', recording });
  }

  async pause(id: string, room: string, paused: boolean): Promise<void> {
    await this.#order(room, { op: 'pauseRecording', recordingId: id, paused });
  }

  async stop(room: string, id: string): Promise<void> {
    await this.#order(room, { op: 'stopRecording', recordingId: id });
  }

  current(room: string): Promise<RoomRecording | undefined> {
    return this.#rooms.recording(room);
  }

  async roomOf(id: string): Promise<string | undefined> {
    const names = await this.#rooms.names();
    for (let at = 0; at < names.length; at += ROOMS_AT_ONCE) {
      const some = names.slice(at, at + ROOMS_AT_ONCE);
      const recordings = await Promise.all(some.map((name) => this.#rooms.recording(name)));
      const found = recordings.findIndex((recording) => recording?.id === id);
      if (found >= 0) return some[found];
    }
    return undefined;
  }

  #order(room: string, op: RoomOp): Promise<unknown> {
    return this.#rooms.order(room, [op]);
  }
}

// What the API asks of a room that is recorded: the room's own state answers.
import type { RoomRecording } from '../../../shared/room/room.ts';

export interface RoomRecordings {
  /** @throws ParleyError `not_found` when there is no such room now, `already_recording`, `unavailable` */
  start(room: string, id: string): Promise<void>;
  /** Idempotent. @throws ParleyError `not_found`, `not_recording` when it is over, `unavailable` */
  pause(id: string, room: string, paused: boolean): Promise<void>;
  /** @throws ParleyError `not_found`, `not_recording` when it is over, `unavailable` */
  stop(room: string, id: string): Promise<void>;
  /** The room that has this recording now. Reads all rooms. @throws ParleyError `unavailable` */
  roomOf(id: string): Promise<string | undefined>;
  /** @returns undefined when the room is not recorded, or there is no such room. @throws ParleyError `unavailable` */
  current(room: string): Promise<RoomRecording | undefined>;
}

// What `web` publishes to all media nodes of recordings.
import * as v from 'valibot';
import { RecordingId, RoomName, Timestamp } from '../../../shared/room/room.ts';

/** One topic for all rooms: recordings begin seldom, and a node knows at once whether it has the room. */
export const RECORDINGS_TOPIC = 'recordings';

/** A recording of this room has begun. It may be over again before a node reads the room. */
export const RecordingNews = v.object({ room: RoomName, id: RecordingId, startedAt: Timestamp });
export type RecordingNews = v.InferOutput<typeof RecordingNews>;

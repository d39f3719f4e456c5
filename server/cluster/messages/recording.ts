// What `web` publishes to all media nodes of recordings.
import * as v from 'valibot';
import { RoomName } from '../../../shared/room/room.ts';

/** One topic for all rooms: recordings begin seldom, and a node knows at once whether it has the room. */
export const RECORDINGS_TOPIC = 'recordings';

/** The recording of this room has begun: the state of the room says more. */
export const RecordingNews = v.object({ room: RoomName });

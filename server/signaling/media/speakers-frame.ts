// The `speakers` event as text, made once for all clients of a room.
import { eventFrame } from '../../../shared/protocol/protocol.ts';
import type { MediaEventData } from '../../cluster/messages/media.ts';

/** All sessions of a room are sent the same: it is turned into text once. */
const speakersFrames = new WeakMap<MediaEventData<'speakers'>, string>();

export function speakersFrame(data: MediaEventData<'speakers'>): string {
  const known = speakersFrames.get(data);
  if (known !== undefined) return known;
  const { origin: _, ...speakers } = data;
  const frame = eventFrame('speakers', speakers);
  speakersFrames.set(data, frame);
  return frame;
}

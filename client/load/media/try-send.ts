// Sends on a track whose connection may end in a thread of its own at any moment.
import type { Track } from 'node-datachannel';

/** @returns whether it was sent. The state of a connection that has ended arrives a moment later. */
export function trySend(track: Track, packet: Buffer): boolean {
  if (!track.isOpen()) return false;
  try {
    return track.sendMessageBinary(packet);
  } catch {
    // It ended since we asked.
    return false;
  }
}

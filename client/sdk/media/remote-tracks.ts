// The tracks of others as a page shows them: those that the room lists, with the media that has arrived. Pure.
import type { RoomSnapshot, TrackSource } from '../../../shared/room/room.ts';
import type { TrackState } from '../handover/open-sessions.ts';
import type { RemoteTrack } from '../session/types.ts';

/**
 * A track is there when the room lists it and its media has arrived, in whatever order. Entries
 * that did not change are the ones of `before`, so that a page can compare by identity.
 */
export function viewRemoteTracks(
  room: RoomSnapshot,
  media: ReadonlyMap<string, MediaStreamTrack>,
  before: ReadonlyMap<string, RemoteTrack>,
): ReadonlyMap<string, RemoteTrack> {
  return new Map(
    room.tracks.flatMap(({ id, participantId, source, muted }) => {
      const track = media.get(id);
      if (!track) return [];
      const old = before.get(id);
      const same = old?.track === track && old.muted === muted;
      return [[id, same ? old : { id, participantId, source, muted, track }]];
    }),
  );
}

export function sameTracks(
  a: ReadonlyMap<string, RemoteTrack>,
  b: ReadonlyMap<string, RemoteTrack>,
): boolean {
  return a.size === b.size && [...b].every(([id, track]) => a.get(id) === track);
}

/** @param paused we asked the server not to send it */
export function trackState(
  room: RoomSnapshot,
  trackId: string,
  { paused }: { paused: boolean },
): TrackState {
  const track = room.tracks.find(({ id }) => id === trackId);
  if (!track) return 'absent';
  return track.muted || paused ? 'silent' : 'sending';
}

export function ownerOf(room: RoomSnapshot, trackId: string): string | undefined {
  return room.tracks.find(({ id }) => id === trackId)?.participantId;
}

/** Browsers play the tracks of one stream in step: voice with camera, a screen's sound with the screen. */
export function streamIdOf(room: RoomSnapshot, trackId: string): string {
  const track = room.tracks.find(({ id }) => id === trackId);
  return track ? `${track.participantId}-${groupOf(track.source)}` : trackId;
}

function groupOf(source: TrackSource): string {
  return source === 'screen' || source === 'screen-audio' ? 'screen' : 'person';
}

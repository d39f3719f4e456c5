// The tiles of a call, and the one on the stage. Pure.
import type { Participant, Track } from '../../../shared/room/room.ts';
import type { TileShape } from './layout.ts';
import { isEqual } from './shown.ts';

interface TileBase {
  id: string;
  participantId: string;
  name: string;
  /** The viewer's own tile. */
  you: boolean;
  /** The track whose picture it shows, if there is one that is not muted. */
  videoTrackId: string | undefined;
}

export interface ParticipantTile extends TileBase {
  kind: 'participant';
  role: Participant['role'];
  online: boolean;
  /** Undefined: this participant shares no microphone at all. */
  microphone: { trackId: string; muted: boolean } | undefined;
}

export interface ScreenTile extends TileBase {
  kind: 'screen';
}

/** Takes the place of the next participant: the link, a copy button, a QR code. */
export interface InviteTile {
  kind: 'invite';
  id: 'invite';
}

/** Somebody with a picture, in a large room, whose name is asked for when this tile is looked at. */
export interface WaitingTile {
  kind: 'waiting';
  id: string;
}

export type Tile = ParticipantTile | ScreenTile | InviteTile | WaitingTile;

/** A tile of somebody: not an invitation, nor one that waits. */
export function isShown(tile: Tile | undefined): tile is ParticipantTile | ScreenTile {
  return tile?.kind === 'participant' || tile?.kind === 'screen';
}

const INVITE: InviteTile = { kind: 'invite', id: 'invite' };

export interface ShownRoom {
  participants: readonly Participant[];
  tracks: readonly Track[];
}

/**
 * Every tile of the room: the own one, the others in the order they came, and the shared screens.
 *
 * @param before the tiles of the last state. Those that did not change are the same objects, and drawn once.
 * @param waiting come after all others
 */
export function tilesOf(
  room: ShownRoom,
  selfId: string,
  before: readonly Tile[] = [],
  waiting: readonly WaitingTile[] = [],
): readonly Tile[] {
  const known = new Map(before.map((tile) => [tile.id, tile]));
  const tiles = [...allTiles(room, selfId), ...waiting].map((tile) => {
    const old = known.get(tile.id);
    return old && isEqual(old, tile) ? old : tile;
  });
  const same =
    tiles.length === before.length && tiles.every((tile, index) => tile === before[index]);
  return same ? before : tiles;
}

function allTiles(room: ShownRoom, selfId: string): Tile[] {
  const tracks = byOwner(room.tracks);
  const participants = room.participants.toSorted(
    (a, b) => Number(b.id === selfId) - Number(a.id === selfId) || a.joinedAt - b.joinedAt,
  );
  const tiles: Tile[] = [];
  const screens: Tile[] = [];
  for (const participant of participants) {
    const own = tracks.get(participant.id) ?? [];
    tiles.push(participantTile(participant, own, selfId));
    for (const track of own) {
      if (track.source === 'screen') screens.push(screenTile(participant, track, selfId));
    }
  }
  if (tiles.length < 2) tiles.push(INVITE);
  return [...tiles, ...screens];
}

/** The accessible name. It starts with the participant's name. */
export function tileLabel(tile: ParticipantTile | ScreenTile): string {
  const you = tile.you ? ' (you)' : '';
  return tile.kind === 'screen' ? `${tile.name}'s screen${you}` : `${tile.name}${you}`;
}

export interface Staging {
  /** The tile that the viewer pinned. */
  pinned: string | undefined;
  compact: boolean;
  /** Width divided by height of the screens whose picture is known, by tile. */
  aspects: ReadonlyMap<string, number>;
}

/** The assumed aspect ratio of a screen until its picture is there. */
const SCREEN_ASPECT = 16 / 9;

/**
 * Gives each tile its part. The pinned tile is on the stage, otherwise the newest screen that another
 * participant shares (the own one would show itself, endlessly). On a phone the own picture floats while there
 * is only one other tile.
 */
export function stagingOf(
  tiles: readonly Tile[],
  { pinned, compact, aspects }: Staging,
): TileShape[] {
  const stage =
    tiles.find(({ id }) => id === pinned) ??
    tiles.findLast((tile) => tile.kind === 'screen' && !tile.you);
  const float = compact && tiles.length === 2 ? tiles.find(isSelf) : undefined;
  return tiles.map((tile) => ({
    id: tile.id,
    role: tile === stage && tile !== float ? 'stage' : tile === float ? 'float' : 'grid',
    ...(tile.kind === 'screen' ? { aspect: aspects.get(tile.id) ?? SCREEN_ASPECT } : {}),
  }));
}

function isSelf(tile: Tile): boolean {
  return tile.kind === 'participant' && tile.you;
}

function participantTile(
  participant: Participant,
  tracks: readonly Track[],
  selfId: string,
): ParticipantTile {
  const camera = tracks.find(({ source }) => source === 'camera');
  const microphone = tracks.find(({ source }) => source === 'microphone');
  return {
    kind: 'participant',
    id: participant.id,
    participantId: participant.id,
    name: participant.name,
    you: participant.id === selfId,
    role: participant.role,
    online: participant.online,
    videoTrackId: camera && !camera.muted ? camera.id : undefined,
    microphone: microphone && { trackId: microphone.id, muted: microphone.muted },
  };
}

function screenTile(participant: Participant, track: Track, selfId: string): ScreenTile {
  return {
    kind: 'screen',
    id: track.id,
    participantId: participant.id,
    name: participant.name,
    you: participant.id === selfId,
    videoTrackId: track.muted ? undefined : track.id,
  };
}

/** The tracks of each participant. */
export function byOwner(tracks: readonly Track[]): Map<string, Track[]> {
  const groups = new Map<string, Track[]>();
  for (const track of tracks) {
    const group = groups.get(track.participantId);
    if (group) group.push(track);
    else groups.set(track.participantId, [track]);
  }
  return groups;
}

// A page of a room's participants: found by name, in the order in which they came. Pure.
import type { Participant, RoomSnapshot, Track } from './room.ts';

export interface ParticipantQuery {
  /** Part of a display name. Case and accents do not count. Absent or blank: everybody. */
  search?: string;
  /** How many of those found come before the page. Default 0. */
  offset?: number;
  /** How many the page has at most. */
  limit?: number;
  /** `pictures`: those alone who share a camera or a screen. */
  with?: 'pictures';
}

export interface ParticipantPage {
  /** In the order in which they came. */
  participants: readonly Participant[];
  /** The tracks of these. */
  tracks: readonly Track[];
  /** How many were found on all pages together. */
  total: number;
}

/** Participants on a page, where the query does not say. */
export const PAGE_LENGTH = 50;

/** A name or a search without what a search does not compare: case, accents, widths, outer spaces. */
export function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/gu, ' ').trim();
}

export function listed(
  { participants, tracks }: Pick<RoomSnapshot, 'participants' | 'tracks'>,
  query: ParticipantQuery,
): ParticipantPage {
  const search = folded(query.search ?? '');
  const { offset = 0, limit = PAGE_LENGTH } = query;
  const withPicture = query.with && new Set(tracks.filter(isPicture).map(ownerOf));
  const found = participants.filter(
    ({ id, name }) =>
      (!withPicture || withPicture.has(id)) && (search === '' || folded(name).includes(search)),
  );
  const page = found.slice(offset, offset + limit);
  const ids = new Set(page.map(({ id }) => id));
  return {
    participants: page,
    tracks: tracks.filter(({ participantId }) => ids.has(participantId)),
    total: found.length,
  };
}

export function isPicture({ kind }: Pick<Track, 'kind'>): boolean {
  return kind === 'video';
}

function ownerOf({ participantId }: Track): string {
  return participantId;
}

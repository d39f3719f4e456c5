// Which rows of a long list are drawn, and what a row says of its participant. Pure.
import type { Participant, Track } from '../../../shared/room/room.ts';

/** CSS pixels; also in the style sheet. All rows are as high, so that their places need no measuring. */
export const ROW_HEIGHT = 56;
/** Rows drawn above and below those in view: a finger is faster than a frame. */
const MARGIN = 6;

export interface RowRange {
  first: number;
  /** The first row that is not drawn any more. */
  end: number;
}

/** The rows that are drawn, of `total`. */
export function rowsInView(scrollTop: number, height: number, total: number): RowRange {
  const first = Math.floor(Math.max(0, scrollTop) / ROW_HEIGHT) - MARGIN;
  const end = Math.ceil((Math.max(0, scrollTop) + height) / ROW_HEIGHT) + MARGIN;
  const last = Math.min(total, end);
  return { first: Math.max(0, Math.min(first, last)), end: last };
}

/** Pages of a list that has these rows on it. */
export function pagesOf({ first, end }: RowRange, pageLength: number): number[] {
  if (end <= first) return [];
  const pages: number[] = [];
  for (let page = Math.floor(first / pageLength); page * pageLength < end; page++) pages.push(page);
  return pages;
}

export interface Row {
  participant: Participant;
  tracks: readonly Track[];
}

export interface RowMarks {
  microphone: 'on' | 'off';
  camera: boolean;
  screen: boolean;
}

export function marksOf(tracks: readonly Track[]): RowMarks {
  const isOn = (wanted: Track['source']) =>
    tracks.some(({ source, muted }) => source === wanted && !muted);
  return {
    microphone: isOn('microphone') ? 'on' : 'off',
    camera: isOn('camera'),
    screen: isOn('screen'),
  };
}

// What `web` orders and a worker does: a film of a recording, as a job.
import * as v from 'valibot';
import {
  FileName,
  type FilmFormat,
  type FilmLayout,
  FilmOrder,
} from '../../../shared/recording/recording.ts';
import { Count, RecordingId, RoomName } from '../../../shared/room/room.ts';

export const FILM_JOB = 'film';

/** The payload of such a job. */
export const FilmPayload = v.object({
  recording: RecordingId,
  room: RoomName,
  order: v.object(FilmOrder.entries),
});
export type FilmPayload = v.InferOutput<typeof FilmPayload>;

/** The films that the settings want of each recording. Pure. */
export function usualFilms(layouts: readonly (FilmLayout | 'none')[], chat: boolean) {
  return layouts.flatMap((layout): FilmPayload['order'][] =>
    layout === 'none' ? [] : [{ layout, format: 'mp4', chat }],
  );
}

/** Its result: the film is in the store under this name. */
export const FilmResult = v.object({ name: FileName, bytes: Count });
export type FilmResult = v.InferOutput<typeof FilmResult>;

/** One film of a layout and format is made at a time. */
export function filmJobKey(id: string, layout: FilmLayout, format: FilmFormat): string {
  return `${filmJobPrefix(id)}${layout}.${format}`;
}

/** What the keys of a recording's films begin with. */
export function filmJobPrefix(id: string): string {
  return `${id}/`;
}

// What is told of a recording: from its entry in the index, its films' jobs, and the state of its room. Pure.
import * as v from 'valibot';
import type {
  Film,
  RecordingDetails,
  RecordingState,
  RecordingSummary,
} from '../../../shared/recording/recording.ts';
import type { RoomRecording } from '../../../shared/room/room.ts';
import type { Job } from '../../cluster/jobs.ts';
import type { FinishedFilm, IndexEntry } from '../../recording/catalog/entry.ts';
import { FilmPayload, FilmResult } from '../../recording/catalog/film-job.ts';
import type { Visitor } from './gate.ts';

const FILM_STATES = {
  waiting: 'waiting',
  running: 'rendering',
  done: 'ready',
  failed: 'failed',
  cancelled: 'cancelled',
} as const;

/** @param current the recording that the room has now. Undefined when the room cannot be asked, null for none */
export function stateOf(
  { id, state }: Pick<IndexEntry, 'id' | 'state'>,
  current: RoomRecording | null | undefined,
): RecordingState {
  const isInRoom = state === 'running' || state === 'paused';
  if (!isInRoom || current === undefined) return state;
  if (current?.id !== id) return 'finishing';
  return current.paused ? 'paused' : 'running';
}

/**
 * Whether a recording is a visitor's. Where rooms are open it has to have run while they were in the call, or later:
 * guessing a room's name shows nothing of before.
 */
export function isVisible(
  visitor: Visitor,
  { entry, current }: { entry: IndexEntry; current: RoomRecording | null | undefined },
): boolean {
  if (visitor.sees === 'everything') return true;
  if (entry.room !== visitor.room) return false;
  const { since } = visitor;
  if (since === undefined || entry.startedAt >= since) return true;
  // When an interrupted one ended is not known yet.
  return entry.endedAt === null ? current?.id === entry.id : entry.endedAt >= since;
}

export function summaryOf(
  entry: IndexEntry,
  current: RoomRecording | null | undefined,
): RecordingSummary {
  const { id, room, startedAt, endedAt, participants, bytes } = entry;
  return { id, room, state: stateOf(entry, current), startedAt, endedAt, participants, bytes };
}

export function detailsOf(
  entry: IndexEntry,
  current: RoomRecording | null | undefined,
  films: readonly Film[],
): RecordingDetails {
  const { files, gaps } = entry;
  return { ...summaryOf(entry, current), files, gaps, films: [...films] };
}

/** Films that are there, those that are being made, and those that failed. @param jobs the newest first */
export function filmsOf(finished: readonly FinishedFilm[], jobs: readonly Job[]): Film[] {
  const made = jobs.map(filmOfJob).filter((film) => film !== undefined);
  const byName = new Map(made.map((film) => [film.name, film]));
  const ready = finished.map((film): Film => {
    const id = byName.get(film.name)?.id ?? film.name;
    const chat = byName.get(film.name)?.chat ?? film.chat;
    return { ...film, chat, id, state: 'ready', progress: 1 };
  });
  // A film whose job is done and that is not in the store was deleted.
  return [...made.filter(({ state }) => state !== 'ready').reverse(), ...ready];
}

/** @returns undefined for a job that is no film of ours */
export function filmOfJob(job: Job): Film | undefined {
  const payload = v.safeParse(FilmPayload, job.payload);
  if (!payload.success) return undefined;
  const result = v.safeParse(FilmResult, job.result);
  return {
    id: job.id,
    ...payload.output.order,
    state: FILM_STATES[job.state],
    progress: job.state === 'done' ? 1 : job.progress,
    ...(result.success && result.output),
    ...(job.problem !== null && { problem: job.problem }),
  };
}

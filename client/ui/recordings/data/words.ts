// Recordings in words: when, how long, how large, who, in which state, and what is missing. Pure.
import type {
  Film,
  FilmOrder,
  RecordedFile,
  RecordedGap,
  RecordingDetails,
  RecordingSummary,
} from '../../../../shared/recording/recording.ts';
import type { TrackSource } from '../../../../shared/room/room.ts';

export type Tone = 'good' | 'waiting' | 'running' | 'bad';

export interface Said {
  tone: Tone;
  text: string;
}

/** A list of names ends with a number after this many. */
const NAMES_SHOWN = 3;

/** @param at UTC milliseconds. @param timeZone default: that of the browser */
export function whenText(at: number, timeZone?: string): string {
  const text = new Intl.DateTimeFormat('en-GB', {
    ...{ day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' },
    timeZone,
  }).format(at);
  // Between date and time browsers write " at " or ", ".
  return text.replace(/,? at |, (?=\d\d:)/, ', ');
}

export function clockText(at: number, timeZone?: string): string {
  return new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone }).format(at);
}

/** @param ms milliseconds */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? '' : ` ${rest} min`}`;
}

/** With tenths where they count. */
export function exactText(ms: number): string {
  return ms < 10_000 ? `${(Math.max(0, ms) / 1000).toFixed(1)} s` : durationText(ms);
}

export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

export function namesText(names: readonly string[]): string {
  if (names.length === 0) return 'Nobody';
  const others = names.length - NAMES_SHOWN;
  const shown = others > 0 ? names.slice(0, NAMES_SHOWN) : names;
  const all = others > 0 ? [...shown, `${others} ${others === 1 ? 'other' : 'others'}`] : shown;
  if (all.length === 1) return all[0] ?? '';
  return `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

/** How a recording is called in lists and questions. */
export function nameOf({ room, startedAt }: Pick<RecordingSummary, 'room' | 'startedAt'>): string {
  return `${room}, ${whenText(startedAt)}`;
}

/** @param nowMs UTC milliseconds */
export function lengthText({ state, startedAt, endedAt }: RecordingSummary, nowMs: number): string {
  if (endedAt !== null) return durationText(endedAt - startedAt);
  const isLive = state === 'running' || state === 'paused';
  return `${durationText(nowMs - startedAt)}${isLive ? ' so far' : ''}`;
}

export function stateOf({ state }: Pick<RecordingSummary, 'state'>): Said {
  switch (state) {
    case 'running':
      return { tone: 'running', text: 'Recording now' };
    case 'paused':
      return { tone: 'running', text: 'Recording paused' };
    case 'finishing':
      return { tone: 'waiting', text: 'Being prepared' };
    case 'ready':
      return { tone: 'good', text: 'Ready' };
  }
}

export const LAYOUT_WORDS: Readonly<Record<FilmOrder['layout'], { name: string; what: string }>> = {
  grid: { name: 'Grid', what: 'Everybody at once, side by side.' },
  speaker: { name: 'Speaker', what: 'Whoever speaks is large.' },
  screen: { name: 'Screen', what: 'The shared screen is large, with whoever speaks beside it.' },
  audio: { name: 'Sound only', what: 'No picture.' },
};

export const FORMAT_WORDS: Readonly<Record<FilmOrder['format'], { name: string; what: string }>> = {
  mp4: { name: 'MP4', what: 'Plays everywhere.' },
  webm: { name: 'WebM', what: 'An open format, for browsers.' },
};

export function filmTitle({ layout, format, chat }: FilmOrder): string {
  const title = `${LAYOUT_WORDS[layout].name}, ${FORMAT_WORDS[format].name}`;
  return chat ? `${title}, with the chat` : title;
}

export function filmState({ state, progress, problem, bytes }: Film): Said {
  switch (state) {
    case 'waiting':
      return { tone: 'waiting', text: 'Waits for its turn' };
    case 'rendering':
      return { tone: 'waiting', text: `Being made, ${percentText(progress)}` };
    case 'ready':
      return { tone: 'good', text: bytes === undefined ? 'Ready' : sizeText(bytes) };
    case 'failed':
      return {
        tone: 'bad',
        text: `It could not be made. ${problem ?? 'Try again; the operator finds the cause in the log.'}`,
      };
    case 'cancelled':
      return { tone: 'waiting', text: 'Cancelled' };
  }
}

/** @param share from 0 to 1; beyond it is cut */
export function percentText(share: number): string {
  return `${Math.floor(Math.min(1, Math.max(0, share)) * 100)} %`;
}

const SOURCE_WORDS: Readonly<Record<TrackSource, string>> = {
  microphone: 'microphone',
  camera: 'camera',
  screen: 'screen',
  'screen-audio': 'sound of the screen',
};

export function trackTitle({
  participant,
  source,
}: Pick<RecordedFile, 'participant' | 'source'>): string {
  return `${participant}, ${SOURCE_WORDS[source]}`;
}

/** `video/VP8` is VP8, and `audio/opus` is Opus. */
export function codecText(codec: string): string {
  const name = codec.split('/').at(-1) ?? codec;
  return name === 'opus' ? 'Opus' : name;
}

/** What is missing, for how long, and why, in one sentence. */
export function gapText(
  { participant, source, from, to, why }: RecordedGap,
  timeZone?: string,
): string {
  const clock = (at: number) => clockText(at, timeZone);
  const span = `${clock(from)} to ${clock(to)} (${exactText(to - from)})`;
  return `${participant}, ${SOURCE_WORDS[source]}: ${span}. ${reasonText(participant, why)}`;
}

function reasonText(participant: string, why: string): string {
  switch (why) {
    case 'lost':
      return 'A part of the server was lost. Recording went on elsewhere.';
    case 'declined':
      return `${participant} had not agreed to be recorded.`;
    case 'disk':
      return 'The server’s disk was full, or could not be written.';
    case 'silent':
      return `Nothing arrived from ${participant}.`;
    default:
      return /[.!?]$/.test(why) ? why : `${why}.`;
  }
}

/** When a link ends. @param expiresAt UTC seconds */
export function expiryText(expiresAt: number, timeZone?: string): string {
  return `It works until ${whenText(expiresAt * 1000, timeZone)}.`;
}

/** Why there is no film to be seen. */
export function noFilmText(
  { state }: Pick<RecordingSummary, 'state'>,
  films: readonly Film[],
): string {
  if (state === 'running' || state === 'paused') {
    return 'The call is still being recorded. Its film is made when the recording has stopped.';
  }
  if (films.some((film) => film.state === 'waiting' || film.state === 'rendering')) {
    return 'The film is being made. You can leave this page; it goes on by itself.';
  }
  if (state === 'finishing') return 'The recording is being put in order. This takes a moment.';
  return 'There is no film yet. Make one below, or download the tracks.';
}

/** What a screen reader says of films that are over since. */
export function filmNews(before: RecordingDetails | undefined, after: RecordingDetails): string[] {
  const known = new Map(before?.films.map((film) => [film.id, film.state]));
  return after.films.flatMap((film) => {
    const was = known.get(film.id);
    if (was !== 'waiting' && was !== 'rendering') return [];
    if (film.state === 'ready') return [`The film ${filmTitle(film)} is ready.`];
    return film.state === 'failed' ? [`The film ${filmTitle(film)} could not be made.`] : [];
  });
}

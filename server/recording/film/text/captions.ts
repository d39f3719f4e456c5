// Chapters for screens, and the chat as subtitles: text files that ffmpeg reads.
import { common } from '../../manifest/intervals.ts';
import { nameAt } from '../../manifest/presence.ts';
import type { Timeline } from '../../manifest/timeline.ts';
import { filmMsOf, type Take } from '../takes.ts';

export interface Chapter {
  fromMs: number;
  toMs: number;
  title: string;
}

/** A screen that was shown by mistake, or again at once, is no chapter. */
const LEAST_CHAPTER_MS = 2_000;

/** One for each shared screen, and one for what is between; none when no screen was shared. Film milliseconds. */
export function chaptersOf(timeline: Timeline, takes: readonly Take[]): Chapter[] {
  const ends = takes.at(-1);
  if (ends === undefined) return [];
  const totalMs = filmMsOf(takes, Infinity);
  const names = new Map(timeline.participants.map((each) => [each.id, each.names]));
  const shared = timeline.tracks
    .filter(({ source, kind }) => source === 'screen' && kind === 'video')
    .flatMap(({ participantId, published, segments }) =>
      common(
        published,
        segments.map(({ from, to }) => ({ from, to: to + LEAST_CHAPTER_MS })),
      ).map(({ from, to }) => ({
        fromMs: Math.round(filmMsOf(takes, from)),
        toMs: Math.round(filmMsOf(takes, to)),
        title: `Screen of ${nameAt(names.get(participantId) ?? [], from)}`,
      })),
    )
    .filter(({ fromMs, toMs }) => toMs - fromMs >= LEAST_CHAPTER_MS)
    .toSorted((one, other) => one.fromMs - other.fromMs);
  const chapters: Chapter[] = [];
  let at = 0;
  const between = (toMs: number) => {
    if (toMs - at >= LEAST_CHAPTER_MS) chapters.push({ fromMs: at, toMs, title: 'Conversation' });
    else {
      const last = chapters.at(-1);
      if (last !== undefined) last.toMs = toMs;
    }
  };
  for (const [index, chapter] of shared.entries()) {
    const toMs = Math.min(chapter.toMs, shared[index + 1]?.fromMs ?? totalMs);
    if (toMs <= chapter.fromMs) continue;
    between(chapter.fromMs);
    chapters.push({ ...chapter, fromMs: chapters.length === 0 ? 0 : chapter.fromMs, toMs });
    at = toMs;
  }
  if (chapters.length > 0) between(Math.round(totalMs));
  return chapters;
}

const escaped = (text: string) => text.replaceAll(/[\r\n\0]+/g, ' ').replaceAll(/[=;#\\]/g, '\\$&');

/** FFMETADATA1. @param title of the film */
export function metadata(title: string, startMs: number, chapters: readonly Chapter[]): string {
  return [
    ';FFMETADATA1',
    `title=${escaped(title)}`,
    `creation_time=${new Date(startMs).toISOString()}`,
    ...chapters.flatMap(({ fromMs, toMs, title: name }) => [
      '[CHAPTER]',
      'TIMEBASE=1/1000',
      `START=${fromMs}`,
      `END=${toMs}`,
      `title=${escaped(name)}`,
    ]),
    '',
  ].join('\n');
}

const SHOWN_MS = 6_000;
const MOST_LINES = 3;

export interface Cue {
  fromMs: number;
  toMs: number;
  lines: string[];
}

/** Each message for six seconds, the newest three at once. Cues never overlap: players show one. */
export function cuesOf(timeline: Pick<Timeline, 'chat'>, takes: readonly Take[]): Cue[] {
  const totalMs = filmMsOf(takes, Infinity);
  const shown = timeline.chat
    .map(({ at, name, text }) => {
      const fromMs = Math.round(filmMsOf(takes, at));
      return {
        fromMs,
        toMs: Math.min(fromMs + SHOWN_MS, Math.floor(totalMs)),
        line: `${name}: ${text}`,
      };
    })
    .filter(({ fromMs, toMs }) => toMs > fromMs);
  const edges = [...new Set(shown.flatMap(({ fromMs, toMs }) => [fromMs, toMs]))].toSorted(
    (one, other) => one - other,
  );
  return edges.slice(0, -1).flatMap((fromMs, index) => {
    const lines = shown
      .filter((each) => each.fromMs <= fromMs && fromMs < each.toMs)
      .slice(-MOST_LINES)
      .map(({ line }) => line);
    return lines.length === 0 ? [] : [{ fromMs, toMs: edges[index + 1] ?? totalMs, lines }];
  });
}

function stamp(ms: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const hours = two(ms / 3_600_000);
  return `${hours}:${two((ms / 60_000) % 60)}:${two((ms / 1_000) % 60)}.${String(ms % 1_000).padStart(3, '0')}`;
}

/**
 * WebVTT has tags, entities and an arrow; an empty line ends a cue. ffmpeg makes ASS of it on the way, whose commands
 * begin with a brace and a backslash: a word joiner, which cannot be seen, comes between.
 */
const vttText = (text: string) =>
  text
    .replaceAll(/[\\{]/g, '$&\u2060')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');

export function webVtt(cues: readonly Cue[]): string {
  return [
    'WEBVTT',
    '',
    ...cues.flatMap(({ fromMs, toMs, lines }) => [
      `${stamp(fromMs)} --> ${stamp(toMs)}`,
      ...lines.map(vttText),
      '',
    ]),
  ].join('\n');
}

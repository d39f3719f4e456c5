// What is in the files of a recording: whether they can be read, and how much they hold.
import path from 'node:path';
import type { Interval } from '../manifest/intervals.ts';
import { nameAt } from '../manifest/presence.ts';
import { inTurn, type TimelineSegment } from '../manifest/segments.ts';
import type { Timeline } from '../manifest/timeline.ts';
import type { Run } from './run.ts';

/** Milliseconds of the stream in a file, or why it cannot be read. */
export type Found = { durationMs: number } | { problem: string };

/** Less is missing than what anybody notices: the last cluster of a file that was being written. */
const TOLERATED_MS = 1_000;

export interface ProbeOptions {
  run: Run;
  ffmpegPath: string;
  signal: AbortSignal;
}

/** The last line of what ffmpeg said, which says why it ended. Its names of inner parts say nothing to a reader. */
export function lastWords(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return (lines.at(-1) ?? 'no reason was given').replace(/^\[[^\]]*\] /, '').slice(0, 300);
}

/** Follows the lines of ffmpeg's `framecrc`: a time base, then stream, dts, pts, duration, size and sum of each packet. */
class Packets {
  #tickMs = 1;
  endMs = 0;

  line(text: string): void {
    const base = /^#tb 0: (\d+)\/(\d+)/.exec(text);
    if (base !== null) this.#tickMs = (1_000 * Number(base[1])) / Number(base[2]);
    if (text.startsWith('#')) return;
    const [, , pts, duration] = text.split(',').map(Number);
    const endMs = ((pts ?? 0) + (duration ?? 0)) * this.#tickMs;
    if (Number.isFinite(endMs)) this.endMs = Math.max(this.endMs, endMs);
  }
}

/** Reads the file to its end, without decoding it. */
export async function probe(
  file: string,
  kind: 'audio' | 'video',
  { run, ffmpegPath, signal }: ProbeOptions,
): Promise<Found> {
  const packets = new Packets();
  const { code, stderr } = await run(
    ffmpegPath,
    [
      ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-copyts', '-i', `file:${file}`],
      ...['-map', kind === 'video' ? '0:v:0' : '0:a:0', '-c', 'copy', '-f', 'framecrc', 'pipe:1'],
    ],
    { cwd: path.dirname(file), signal, onLine: (line) => packets.line(line) },
  );
  signal.throwIfAborted();
  if (code !== 0) return { problem: lastWords(stderr) };
  return packets.endMs > 0 ? { durationMs: packets.endMs } : { problem: 'it holds no frame' };
}

/** What is to be said of what was found. */
function problemOf(
  timeline: Timeline,
  {
    kind,
    name,
    segment,
    found,
  }: { kind: string; name: string; segment: TimelineSegment; found: Found },
): string | undefined {
  const what = `${segment.file} (${kind} of ${name})`;
  if ('problem' in found) {
    return `${what} cannot be read, so the film is without it: ${found.problem}`;
  }
  const end: Interval = { from: segment.from, to: Math.min(segment.to, timeline.endMs) };
  const missingMs = (end.to - end.from) / segment.rate - found.durationMs;
  if (missingMs <= TOLERATED_MS) return undefined;
  const seconds = (ms: number) => (ms / 1_000).toFixed(1);
  return `${what} ends ${seconds(missingMs)} s early: it holds ${seconds(found.durationMs)} s`;
}

/** @param found by file. @returns the timeline of what is there, and sentences on what is not */
export function asFound(
  timeline: Timeline,
  found: ReadonlyMap<string, Found>,
): { timeline: Timeline; problems: string[] } {
  const names = new Map(timeline.participants.map((each) => [each.id, each.names]));
  const problems: string[] = [];
  const tracks = timeline.tracks.map((track) => ({
    ...track,
    segments: inTurn(
      track.segments.flatMap((segment) => {
        const here = found.get(segment.file);
        if (here === undefined) return [{ ...segment }];
        const name = nameAt(names.get(track.participantId) ?? [], segment.from);
        const problem = problemOf(timeline, { kind: track.source, name, segment, found: here });
        if (problem !== undefined) problems.push(problem);
        if ('problem' in here) return [];
        const to = Math.min(segment.to, segment.zeroMs + segment.rate * here.durationMs);
        return [{ ...segment, to }];
      }),
    ),
  }));
  return { timeline: { ...timeline, tracks }, problems };
}

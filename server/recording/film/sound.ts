// The sound of one window: all voices at their own level, each where its sender's clock has it, to the sample.
import { common } from '../manifest/intervals.ts';
import type { TimelineSegment } from '../manifest/segments.ts';
import type { Timeline } from '../manifest/timeline.ts';
import { FPS } from './takes.ts';

export const SAMPLE_RATE = 48_000;
const SAMPLES_PER_FRAME = SAMPLE_RATE / FPS;
/** Opus needs 80 ms before what is heard (RFC 7845 §4.6). */
const PREROLL_MS = 200;
/** One Opus packet: a jump that is smaller is rounding. Matroska counts milliseconds. */
const LEAST_JUMP_SECONDS = 0.02;
/** Voices are added at a quarter, so that four at their loudest fit; the limiter lifts them again. */
const MIX_GAIN = 0.25;
/** Each is an open file: a process may have 1,024. The rest, of whom less is heard, is left out. */
const MOST_INPUTS = 400;

/** What of a segment is heard in a window. UTC milliseconds. */
export interface Voice {
  segment: TimelineSegment;
  from: number;
  to: number;
}

export interface SoundWindow {
  startMs: number;
  frames: number;
}

export function voicesOf(timeline: Timeline, { startMs, frames }: SoundWindow): Voice[] {
  const window = [{ from: startMs, to: startMs + (frames * 1_000) / FPS }];
  return timeline.tracks
    .filter(({ kind }) => kind === 'audio')
    .flatMap(({ segments }) => segments)
    .flatMap((segment) =>
      common([{ from: segment.shownFrom, to: segment.shownTo }], window).map((heard) => ({
        segment,
        ...heard,
      })),
    )
    .toSorted((one, other) => other.to - other.from - (one.to - one.from))
    .slice(0, MOST_INPUTS);
}

export function soundInputs(
  voices: readonly Voice[],
  pathOf: (segment: TimelineSegment) => string,
): string[] {
  return voices.flatMap(({ segment, from }) => {
    const mediaMs = (from - segment.zeroMs) / segment.rate - PREROLL_MS;
    return [
      ...['-threads', '1', '-vn', '-sn', '-dn'],
      ...(mediaMs > 0 ? ['-noaccurate_seek', '-ss', (mediaMs / 1_000).toFixed(6)] : []),
      ...['-i', pathOf(segment)],
    ];
  });
}

/** The filter graph; its output is `[sound]`, of exactly the window's samples. */
export function soundGraph(voices: readonly Voice[], { startMs, frames }: SoundWindow): string {
  const samples = frames * SAMPLES_PER_FRAME;
  const silence = `anullsrc=r=${SAMPLE_RATE}:cl=stereo,aformat=sample_fmts=fltp,atrim=end_sample=${samples}`;
  const heard = voices.map(({ segment, from, to }, index) => {
    const { zeroMs, rate } = segment;
    // A clock that drifts is resampled. Rates are whole numbers: the middle of what is heard is exact.
    const played = Math.round(SAMPLE_RATE / rate);
    const middleMs = ((from + to) / 2 - zeroMs) / rate;
    const offsetMs = zeroMs - startMs + middleMs * (rate - SAMPLE_RATE / played);
    const seconds = (ms: number) => (ms / 1_000).toFixed(6);
    return (
      `[${index}:a:0]aresample=${SAMPLE_RATE},asetrate=${played},asetpts='PTS+${seconds(offsetMs)}/TB',` +
      `atrim=start=${seconds(from - startMs)}:end=${seconds(to - startMs)},` +
      `aresample=${SAMPLE_RATE}:async=1:min_hard_comp=${LEAST_JUMP_SECONDS}:first_pts=0,` +
      `aformat=sample_fmts=fltp:channel_layouts=stereo,apad=whole_len=${samples},atrim=end_sample=${samples}[v${index}]`
    );
  });
  const inputs = voices.map((_, index) => `[v${index}]`).join('');
  return [
    ...heard,
    `${silence}[v]`,
    `[v]${inputs}amix=inputs=${voices.length + 1}:normalize=0:dropout_transition=0:duration=first,` +
      `volume=${MIX_GAIN},atrim=end_sample=${samples},asetpts=N/SR/TB[sound]`,
  ].join(';\n');
}

/** For the whole film: the level comes back, and where voices together are too loud they are held down. */
export const MASTERING = `volume=${1 / MIX_GAIN},alimiter=level=0:limit=0.94:attack=5:release=100:latency=1`;

// By how much recorded flashes and beeps differ from the moments at which they were made.
import type { TimelineSegment } from '../../../server/recording/manifest/segments.ts';
import { beeps, pictures, sound } from './film/measured.ts';
import { beepsIn, flashesIn } from './instants.ts';

/** Single instants are late where the machine is: medians of this many are compared. */
const FEW = 7;
/** A film is looked at in this size. */
const WIDTH = 320;
const HEIGHT = 180;

/** Milliseconds from each moment to the nearest true one. */
export function phasesOf(utcMs: readonly number[], truth: readonly number[]): number[] {
  return utcMs.map((at) => at - nearest(truth, at));
}

/** UTC milliseconds of the flashes or beeps of a recorded file. */
export async function utcOf(
  file: string,
  kind: 'audio' | 'video',
  { zeroMs, rate }: TimelineSegment,
): Promise<number[]> {
  const instants = await (kind === 'video' ? flashesIn(file) : beepsIn(file));
  return instants.map((at) => zeroMs + rate * at * 1_000);
}

export interface InFilm {
  /** Of the microphone, Hz. */
  tone: number;
  /** A place in the picture that shows this camera all the time, from 0 to 1. */
  place: readonly [number, number];
}

/** @param startMs UTC of its first frame @returns UTC milliseconds of what each participant flashes and beeps */
export async function utcInFilm(file: string, startMs: number, people: readonly InFilm[]) {
  const [seen, heard] = [await pictures(file, WIDTH, HEIGHT), await sound(file)];
  return people.map(({ tone, place }) => ({
    flashes: seen.flashes(...place).map((ms) => startMs + ms),
    beeps: beeps(heard, tone).map((ms) => startMs + ms),
  }));
}

/** The first and the last phases, as one figure each. */
export function endsOf(phases: readonly number[]): { first: number; last: number } {
  return { first: median(phases.slice(0, FEW)), last: median(phases.slice(-FEW)) };
}

function nearest(values: readonly number[], to: number): number {
  return values.reduce(
    (best, value) => (Math.abs(value - to) < Math.abs(best - to) ? value : best),
    Number.NEGATIVE_INFINITY,
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

// Makes the film of a recording: window by window, so that a process that ends in the middle loses a minute's work.
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { FilmOrder } from '../../../shared/recording/recording.ts';
import type { TimelineSegment } from '../manifest/segments.ts';
import type { Timeline } from '../manifest/timeline.ts';
import { type Size, sizeOf } from './layouts.ts';
import { inParallel, makePiece, type Piece, type WorkPlace } from './pieces.ts';
import { filmPiece, type Part, type Placed, picturePiece, soundPiece } from './plan.ts';
import { asFound, type Found, probe } from './probe.ts';
import type { Run } from './run.ts';
import { scenesOf } from './scenes.ts';
import { type SoundWindow, type Voice, voicesOf } from './sound.ts';
import { FPS, type Take, takesOf, timeOf, totalFrames } from './takes.ts';
import { LONGEST_SECONDS, type Window, windowLimits, windowsOf } from './windows.ts';

export interface FilmOptions {
  timeline: Timeline;
  order: FilmOrder;
  /** Where a segment's file is on this machine; undefined when it is not there. */
  fileOf: (segment: TimelineSegment) => string | undefined;
  /** For what is made on the way, and the film. What is whole is found again by the next attempt. */
  workDir: string;
  /** Lines of the picture. */
  height: number;
  /** CPUs that it may use: so many windows are rendered at once. */
  threads: number;
  ffmpegPath: string;
  run: Run;
  /** From 0 to 1. */
  onProgress: (fraction: number) => void;
  signal: AbortSignal;
}

export interface FilmResult {
  path: string;
  durationMs: number;
  /** Sentences on what could not be shown. */
  problems: string[];
}

/** What a second of each takes, roughly, compared with a picture's. */
const SOUND_WEIGHT = 0.05;
const FILM_WEIGHT = 0.05;

class Progress {
  readonly #done = new Map<object, number>();
  readonly #total: number;
  readonly #report: (fraction: number) => void;
  #last = 0;

  constructor(total: number, report: (fraction: number) => void) {
    this.#total = total;
    this.#report = report;
  }

  set(of: object, done: number) {
    this.#done.set(of, done);
    const sum = [...this.#done.values()].reduce((total, each) => total + each, 0);
    const fraction = Math.min(1, Math.floor((sum / this.#total) * 1_000) / 1_000);
    if (fraction <= this.#last) return;
    this.#last = fraction;
    this.#report(fraction);
  }
}

/** Every file that is shown or heard. */
async function findFiles({ timeline, order, fileOf, threads, ...options }: FilmOptions) {
  const found = new Map<string, Found>();
  const places = new Map<string, Placed>();
  const tasks = timeline.tracks
    .filter(({ kind }) => kind === 'audio' || order.layout !== 'audio')
    .flatMap(({ kind, segments }) => segments.map((segment) => ({ kind, segment })))
    .filter(({ segment }) => segment.shownTo > segment.shownFrom)
    .map(({ kind, segment }) => async (signal: AbortSignal) => {
      const file = fileOf(segment);
      const size = file === undefined ? undefined : await stat(file).catch(() => undefined);
      if (file === undefined || size === undefined) {
        found.set(segment.file, { problem: 'it is not there' });
        return;
      }
      places.set(segment.file, { path: path.resolve(file), bytes: size.size });
      found.set(segment.file, await probe(path.resolve(file), kind, { ...options, signal }));
    });
  await inParallel(threads, tasks, options.signal);
  return { found, places };
}

function soundWindows(takes: readonly Take[]): SoundWindow[] {
  const most = LONGEST_SECONDS * FPS;
  return takes.flatMap((take) =>
    Array.from({ length: Math.ceil(take.frames / most) }, (_, index) => ({
      startMs: timeOf(take, index * most),
      frames: Math.min(most, take.frames - index * most),
    })),
  );
}

/** A window without the files that cannot be decoded. */
function withoutFiles(window: Window, broken: ReadonlySet<string>): Window {
  return {
    ...window,
    scenes: window.scenes.map((scene) => ({
      ...scene,
      tiles: scene.tiles.map(({ segment, ...tile }) =>
        segment === undefined || broken.has(segment.file) ? tile : { ...tile, segment },
      ),
    })),
  };
}

class Rendering {
  readonly problems: string[];
  readonly #options: FilmOptions;
  readonly #timeline: Timeline;
  readonly #takes: Take[];
  readonly #places: ReadonlyMap<string, Placed>;
  readonly #size: Size;
  readonly #progress: Progress;

  constructor(
    options: FilmOptions,
    { found, places }: { found: ReadonlyMap<string, Found>; places: ReadonlyMap<string, Placed> },
  ) {
    const { timeline, problems } = asFound(options.timeline, found);
    this.problems = problems;
    this.#options = options;
    this.#timeline = timeline;
    this.#takes = takesOf(timeline);
    this.#places = places;
    this.#size = sizeOf(options.height);
    const pictures = options.order.layout === 'audio' ? 0 : 1;
    const weight = pictures + SOUND_WEIGHT + FILM_WEIGHT;
    this.#progress = new Progress(weight * totalFrames(this.#takes), options.onProgress);
  }

  get durationMs(): number {
    return (totalFrames(this.#takes) * 1_000) / FPS;
  }

  #placeOf = (segment: TimelineSegment): Placed => {
    const place = this.#places.get(segment.file);
    if (place === undefined) throw new Error(`${segment.file} was not looked for`);
    return place;
  };

  async #make(piece: Piece, frames: number, weight: number, signal: AbortSignal): Promise<string> {
    const place: WorkPlace = { ...this.#options, signal };
    const file = await makePiece(piece, place, (progress) => {
      const done = 'frames' in progress ? progress.frames : (progress.us * FPS) / 1e6;
      this.#progress.set(piece, weight * Math.min(done, frames));
    });
    this.#progress.set(piece, weight * frames);
    return file;
  }

  /** The files that ffmpeg cannot decode: it fails with each of them alone, too. */
  async #broken(segments: readonly TimelineSegment[], kind: 'v' | 'a', signal: AbortSignal) {
    const { run, ffmpegPath, workDir } = this.#options;
    const broken = new Set<string>();
    for (const segment of segments) {
      const { code } = await run(
        ffmpegPath,
        [
          ...['-nostdin', '-hide_banner', '-loglevel', 'error', '-threads', '1'],
          ...[
            '-i',
            `file:${this.#placeOf(segment).path}`,
            '-map',
            `0:${kind}:0`,
            '-f',
            'null',
            '-',
          ],
        ],
        { cwd: workDir, signal },
      );
      signal.throwIfAborted();
      if (code !== 0) broken.add(segment.file);
    }
    for (const file of broken) {
      this.problems.push(`${file} cannot be decoded, so a part of the film is without it`);
    }
    return broken;
  }

  async #picture(window: Window, signal: AbortSignal): Promise<string> {
    const options = {
      size: this.#size,
      format: this.#options.order.format,
      placeOf: this.#placeOf,
    };
    const make = (of: Window) => this.#make(picturePiece(of, options), of.frames, 1, signal);
    try {
      return await make(window);
    } catch (error) {
      signal.throwIfAborted();
      const shown = window.scenes.flatMap(({ tiles }) =>
        tiles.flatMap(({ segment }) => segment ?? []),
      );
      const broken = await this.#broken([...new Set(shown)], 'v', signal);
      if (broken.size === 0) throw error;
      return await make(withoutFiles(window, broken));
    }
  }

  async #sound(window: SoundWindow, signal: AbortSignal): Promise<string> {
    const make = (voices: readonly Voice[]) =>
      this.#make(soundPiece(voices, window, this.#placeOf), window.frames, SOUND_WEIGHT, signal);
    const voices = voicesOf(this.#timeline, window);
    try {
      return await make(voices);
    } catch (error) {
      signal.throwIfAborted();
      const heard = [...new Set(voices.map(({ segment }) => segment))];
      const broken = await this.#broken(heard, 'a', signal);
      if (broken.size === 0) throw error;
      return await make(voices.filter(({ segment }) => !broken.has(segment.file)));
    }
  }

  async film(): Promise<string> {
    const { order, threads, workDir, signal } = this.#options;
    const { layout } = order;
    const limits = windowLimits(totalFrames(this.#takes), threads);
    const windows =
      layout === 'audio'
        ? []
        : this.#takes.flatMap((take) =>
            windowsOf(take, scenesOf(this.#timeline, take, { layout, size: this.#size }), limits),
          );
    const pictures: Part[] = [];
    const sounds: Part[] = [];
    const tasks = [
      ...windows.map((window, index) => async (either: AbortSignal) => {
        pictures[index] = { file: await this.#picture(window, either), frames: window.frames };
      }),
      ...soundWindows(this.#takes).map((window, index) => async (either: AbortSignal) => {
        sounds[index] = { file: await this.#sound(window, either), frames: window.frames };
      }),
    ];
    await inParallel(threads, tasks, signal);
    const piece = filmPiece(
      { timeline: this.#timeline, takes: this.#takes, order },
      { pictures: layout === 'audio' ? undefined : pictures, sounds },
    );
    const file = await this.#make(piece, totalFrames(this.#takes), FILM_WEIGHT, signal);
    return path.join(workDir, file);
  }
}

/**
 * Renders the film. What it was made of stays in the work folder, which is the caller's to delete.
 *
 * @throws the signal's reason; Error, as a sentence, when ffmpeg fails or there is nothing to show
 */
export async function renderFilm(options: FilmOptions): Promise<FilmResult> {
  if (totalFrames(takesOf(options.timeline)) === 0) {
    throw new Error('There is nothing to make a film of: the recording ended as it began.');
  }
  await mkdir(options.workDir, { recursive: true });
  const rendering = new Rendering(options, await findFiles(options));
  const film = await rendering.film();
  options.onProgress(1);
  return { path: film, durationMs: rendering.durationMs, problems: rendering.problems };
}

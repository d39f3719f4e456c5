// Makes a film of a recording, as a job: fetches its tracks, renders them, and puts the film into the store.
import { mkdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { FilmOrder } from '../../../shared/recording/recording.ts';
import type { Config } from '../../config/config.ts';
import { runChild } from '../../jobs/child.ts';
import type { JobKind, JobOf, JobRun } from '../../jobs/kind.ts';
import { Hopeless, NotYet } from '../../jobs/next-attempt.ts';
import type { Logger } from '../../telemetry/log.ts';
import { Catalog } from '../catalog/catalog.ts';
import type { IndexEntry } from '../catalog/entry.ts';
import { FilmPayload, type FilmResult } from '../catalog/film-job.ts';
import { filmKey, manifestKey } from '../catalog/keys.ts';
import { WantedFilms } from '../catalog/wanted-films.ts';
import { renderFilm } from '../film/render.ts';
import type { Run } from '../film/run.ts';
import { readLines } from '../manifest/lines.ts';
import { timelineOf } from '../manifest/timeline.ts';
import { openStore } from '../stores/open-store.ts';
import type { RecordStore } from '../stores/store.ts';
import { fetchTracks } from './fetch-tracks.ts';

export interface FilmKindOptions {
  config: Config;
  log: Logger;
}

/** What of the whole is the fetching; and when the film is rendered. */
const FETCHED = 0.1;
const RENDERED = 0.97;
/** A recording that is not in order yet is looked at again after this. */
const NOT_READY_MS = 5_000;

/** @returns undefined where nothing is recorded. @throws Error with a sentence for the operator */
export function filmKind({ config, log }: FilmKindOptions): JobKind<FilmPayload> | undefined {
  if (!config.recording.enabled) return undefined;
  const store = openStore(config, log);
  if (!store) return undefined;
  const catalog = new Catalog(store, { log });
  const wanted = new WantedFilms(store);
  return {
    schema: FilmPayload,
    async run(job, run) {
      const film = await new FilmJob({ store, catalog, config, job, run }).make();
      // What is not settled now the next look settles.
      await wanted.settle(job.payload).catch((err) => log.debug({ err }, 'a film is still wanted'));
      return film;
    },
  };
}

interface FilmJobOptions {
  store: RecordStore;
  catalog: Catalog;
  config: Config;
  job: JobOf<FilmPayload>;
  run: JobRun;
}

class FilmJob {
  readonly #options: FilmJobOptions;

  constructor(options: FilmJobOptions) {
    this.#options = options;
  }

  async make(): Promise<FilmResult> {
    const { catalog, job, store, run } = this.#options;
    const { recording: id, room, order } = job.payload;
    const entry = await catalog.get(id, room);
    if (!entry) throw new Hopeless('The recording is not there any more.');
    if (entry.state !== 'ready')
      throw new NotYet('The recording is not in order yet.', NOT_READY_MS);
    const workDir = this.#workDir;
    const manifest = await text(await store.read(manifestKey(entry.folder)));
    const timeline = timelineOf(readLines(manifest));
    await mkdir(workDir, { recursive: true });
    const files = await fetchTracks({
      ...{ store, entry, order, timeline, folder: path.join(workDir, 'tracks') },
      ...{ signal: run.signal, onProgress: (fraction) => run.progress(fraction * FETCHED) },
    });
    const { filmHeight: height, filmThreads: threads, ffmpeg } = this.#options.config.recording;
    const film = await renderFilm({
      ...{ timeline, order, height, threads, signal: run.signal, run: lowPriority },
      workDir: path.join(workDir, 'film'),
      ffmpegPath: ffmpeg,
      fileOf: ({ file }) => files.get(file),
      onProgress: (done) => run.progress(FETCHED + done * (RENDERED - FETCHED)),
    });
    for (const problem of film.problems) run.log.warn({ recordingId: id, problem }, 'a film lacks');
    const result = await this.#keep(entry, order, film.path);
    await rm(workDir, { recursive: true, force: true });
    return result;
  }

  async #keep(entry: IndexEntry, order: FilmOrder, file: string): Promise<FilmResult> {
    const { store, catalog, run } = this.#options;
    const name = await this.#name(entry, order);
    const type = order.format === 'mp4' ? 'video/mp4' : 'video/webm';
    await store.write(filmKey(entry.folder, name), { file }, { type, signal: run.signal });
    const { size: bytes } = await stat(file);
    const isKept = await catalog.addFilm(entry.id, { ...order, name, bytes }, entry.room);
    if (!isKept) {
      await store.delete([filmKey(entry.folder, name)]);
      throw new Hopeless('The recording was deleted meanwhile.');
    }
    return { name, bytes };
  }

  /** The first number that no film of this layout has: people keep what they had. */
  async #name(entry: IndexEntry, { layout, format }: FilmOrder): Promise<string> {
    const taken = new Set((await this.#options.catalog.films(entry)).map(({ name }) => name));
    for (let number = 1; ; number += 1) {
      const name = `${layout}-${number}.${format}`;
      if (!taken.has(name)) return name;
    }
  }

  /** The same for each attempt on this machine: the next one goes on where this one ended. */
  get #workDir(): string {
    const { recording, order } = this.#options.job.payload;
    const root = `parley-films-${process.getuid?.() ?? 'user'}`;
    return path.join(tmpdir(), root, `${recording}-${order.layout}-${order.format}`);
  }
}

const lowPriority: Run = async (command, args, { cwd, signal, onLine }) => {
  try {
    const { code, stderr } = await runChild({
      ...{ command, args, cwd, signal },
      ...(onLine && { onStdoutLine: onLine }),
    });
    return { code, stderr: stderr.join('\n') };
  } catch (cause) {
    signal.throwIfAborted();
    // People read it on the page of the recording.
    const message = `The worker cannot run ${command}. Its operator can install ffmpeg, or name it in RECORD_FFMPEG.`;
    throw new Error(message, { cause });
  }
};

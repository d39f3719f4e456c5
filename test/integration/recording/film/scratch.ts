// A folder for one test file's recordings and films, and what it takes to render one of them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { type FilmOptions, renderFilm } from '../../../../server/recording/film/render.ts';
import type { ManifestLine } from '../../../../server/recording/manifest/lines.ts';
import { timelineOf } from '../../../../server/recording/manifest/timeline.ts';
import type { FilmOrder } from '../../../../shared/recording/recording.ts';
import { programPath } from '../../../support/process/programs.ts';
import { run } from '../../../support/recording/film/child.ts';

const folders: string[] = [];
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

/** Deleted when the test file is done. */
export async function scratchFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-film-'));
  folders.push(folder);
  return folder;
}

export const order = (rest: Partial<FilmOrder> = {}): FilmOrder => ({
  layout: 'grid',
  format: 'mp4',
  chat: false,
  ...rest,
});

/** Of the recording in the folder, small and on one thread. */
export function render(
  folder: string,
  lines: readonly ManifestLine[],
  options: Partial<FilmOptions> = {},
) {
  return renderFilm({
    timeline: timelineOf(lines),
    order: order(),
    fileOf: ({ file }) => path.join(folder, file),
    workDir: path.join(folder, 'work'),
    height: 180,
    threads: 1,
    ffmpegPath: programPath('ffmpeg'),
    run,
    onProgress() {},
    signal: new AbortController().signal,
    ...options,
  });
}

// `node bench/recording/film.ts`: how long a film of three people takes, in seconds for each minute of the call.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { renderFilm } from '../../server/recording/film/render.ts';
import type { ManifestLine } from '../../server/recording/manifest/lines.ts';
import { mergeLogs } from '../../server/recording/manifest/merge.ts';
import { timelineOf } from '../../server/recording/manifest/timeline.ts';
import { FILM_FORMATS, type FilmFormat } from '../../shared/recording/recording.ts';
import { type Codec, MIME } from '../../test/integration/recording/film/recorded.ts';
import { programPath } from '../../test/support/process/programs.ts';
import { output, run } from '../../test/support/recording/film/child.ts';
import { spread } from '../statistics.ts';
import { wholeNumber } from '../whole-number.ts';

const PEOPLE = ['ann', 'ben', 'cid'] as const;
const CODECS: Record<(typeof PEOPLE)[number], Exclude<Codec, 'opus' | 'av1'>> = {
  ann: 'vp8',
  ben: 'vp9',
  cid: 'h264',
};
const START = Date.UTC(2026, 10, 28, 18, 45, 12);
/** What a camera sends at 720p. Speed: a moving picture, with the noise that a camera has. */
const PICTURE = 'mandelbrot=s=1280x720:r=30:maxiter=200,noise=alls=4:allf=t';
const ENCODERS = {
  vp8: ['libvpx', '-deadline', 'realtime', '-cpu-used', '12'],
  vp9: ['libvpx-vp9', '-deadline', 'realtime', '-cpu-used', '8'],
  h264: ['libx264', '-preset', 'superfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
};

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    height: { type: 'string', default: '720' },
    rounds: { type: 'string', default: '3' },
  },
});
const seconds = wholeNumber('seconds', values.seconds, 5);
const height = wholeNumber('height', values.height, 144);
const rounds = wholeNumber('rounds', values.rounds);

/** User and system time of all children that have ended (proc(5): cutime, cstime). */
async function childrenCpuMs(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

async function recordMinute(folder: string): Promise<ManifestLine[]> {
  const lines: ManifestLine[] = [
    {
      ...{ type: 'begin', at: START, format: 1, recording: '20261128T184512Z-h7q2m9x4kd' },
      ...{ room: 'bench', startedAt: START, writer: 'recorder', node: 'sfu' },
    },
    { type: 'stopped', at: START + seconds * 1_000, version: 2 },
  ];
  for (const who of PEOPLE) {
    const participantId = `participant-${who}`;
    lines.push({ type: 'joined', at: START, version: 1, participantId, name: who, role: 'host' });
    for (const kind of ['video', 'audio'] as const) {
      const codec = kind === 'audio' ? 'opus' : CODECS[who];
      const source = kind === 'audio' ? 'microphone' : 'camera';
      const trackId = `track-${who}-${source}`;
      const file = `${who}-${source}.mkv`;
      const [encoder, ...rest] = codec === 'opus' ? [] : ENCODERS[codec];
      const input = kind === 'audio' ? 'anoisesrc=a=0.05:r=48000' : PICTURE;
      await output(programPath('ffmpeg'), [
        ...['-nostdin', '-loglevel', 'error', '-y', '-f', 'lavfi', '-i', input],
        ...['-t', String(seconds)],
        ...(encoder === undefined
          ? ['-c:a', 'libopus', '-b:a', '32k']
          : ['-c:v', encoder, ...rest, '-b:v', '1500k', '-g', '600']),
        ...['-f', 'matroska', '-live', '1', path.join(folder, file)],
      ]);
      const of = { trackId, participantId, kind, source } as const;
      lines.push(
        { type: 'published', at: START, version: 1, muted: false, ...of },
        {
          ...{ type: 'segment', at: START, segment: file, ...of, epoch: 1, codec: MIME[codec] },
          ...{ startedAt: START, clock: 'sender' },
        },
        {
          ...{ type: 'end', at: START + seconds * 1_000, segment: file, why: 'stopped' },
          ...{ durationMs: seconds * 1_000, bytes: 0 },
        },
      );
    }
  }
  return mergeLogs([lines]);
}

const folder = await mkdtemp(path.join(tmpdir(), 'parley-bench-film-'));
try {
  console.log(`recording ${seconds} s of three people at 720p: VP8, VP9 and H264`);
  const timeline = timelineOf(await recordMinute(folder));

  async function once(format: FilmFormat, threads: number) {
    const workDir = path.join(folder, 'work');
    const [startedAt, cpuMs] = [performance.now(), await childrenCpuMs()];
    const { problems } = await renderFilm({
      ...{ timeline, order: { layout: 'grid', format, chat: false }, workDir, height, threads },
      fileOf: ({ file }) => path.join(folder, file),
      ffmpegPath: programPath('ffmpeg'),
      run,
      onProgress() {},
      signal: new AbortController().signal,
    });
    if (problems.length > 0) throw new Error(problems.join('\n'));
    const minutes = seconds / 60;
    const wall = (performance.now() - startedAt) / 1_000 / minutes;
    const cpu = ((await childrenCpuMs()) - cpuMs) / 1_000 / minutes;
    await rm(workDir, { recursive: true, force: true });
    return { wall, cpu };
  }

  const tried = FILM_FORMATS.flatMap((format) => [1, 2].map((threads) => ({ format, threads })));
  const figures = tried.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, { format, threads }] of tried.entries()) {
      const { wall, cpu } = await once(format, threads);
      figures[index]?.wall.push(wall);
      figures[index]?.cpu.push(cpu);
    }
  }
  const shown = (all: readonly number[]) => {
    const { median, min, max } = spread(all);
    return `${median.toFixed(1)} (${min.toFixed(1)} – ${max.toFixed(1)})`;
  };
  console.log(`\n| film of ${height} lines | threads | seconds for a minute | of CPU |`);
  console.log('| --- | --- | --- | --- |');
  for (const [index, { format, threads }] of tried.entries()) {
    const { wall, cpu } = figures[index] ?? { wall: [], cpu: [] };
    console.log(`| ${format} | ${threads} | ${shown(wall)} | ${shown(cpu)} |`);
  }
  for (const [index, format] of FILM_FORMATS.entries()) {
    const [one, two] = [figures[2 * index]?.wall ?? [], figures[2 * index + 1]?.wall ?? []];
    const ratio = spread(one).median / spread(two).median;
    console.log(`two threads are ${ratio.toFixed(2)} times as fast as one: ${format}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

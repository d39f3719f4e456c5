// Films of recordings that are not whole, that take long, and that nobody wants any more.
import assert from 'node:assert/strict';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import type { Run } from '../../../../server/recording/film/run.ts';
import type { ManifestLine } from '../../../../server/recording/manifest/lines.ts';
import { mergeLogs } from '../../../../server/recording/manifest/merge.ts';
import { programPath } from '../../../support/process/programs.ts';
import { within } from '../../../support/process/until.ts';
import { output, run } from '../../../support/recording/film/child.ts';
import { beeps, pictures, probed, sound } from '../../../support/recording/film/measured.ts';
import { type Recorded, record, START } from './recorded.ts';
import { render, scratchFolder } from './scratch.ts';

const DEE = 'participant-dee';
const camera: Recorded = {
  ...{ file: 'camera.webm', trackId: 'track-camera', participantId: DEE, source: 'camera' },
  ...{ codec: 'vp8', from: START, to: START + 8_000, colour: '0xb03030', fps: 15 },
};
const microphone: Recorded = {
  ...{ file: 'microphone.webm', trackId: 'track-microphone', participantId: DEE, tone: 1_000 },
  ...{ source: 'microphone', codec: 'opus', from: START, to: START + 8_000 },
};

/** One participant, from a time to another. */
function room(startedAt: number, stoppedAt: number): ManifestLine[] {
  const fact = { at: startedAt, version: 1, participantId: DEE } as const;
  const published = { ...fact, type: 'published', muted: false } as const;
  return [
    {
      ...{ type: 'begin', at: startedAt, format: 1, recording: '20261128T184512Z-h7q2m9x4kd' },
      ...{ room: 'board', startedAt, writer: 'recorder-1', node: 'sfu-1' },
    },
    { ...fact, type: 'joined', name: 'Dee', role: 'host' },
    { ...published, trackId: 'track-camera', kind: 'video', source: 'camera' },
    { ...published, trackId: 'track-microphone', kind: 'audio', source: 'microphone' },
    { type: 'stopped', at: stoppedAt, version: 2 },
  ];
}

/** Runs as ever, and says what it ran. */
function watched(): { run: Run; renders: () => number; running: () => number } {
  let [renders, running] = [0, 0];
  return {
    renders: () => renders,
    running: () => running,
    async run(program, args, options) {
      if (args.includes('-filter_complex_script')) renders++;
      running++;
      try {
        return await run(program, args, options);
      } finally {
        running--;
      }
    },
  };
}

describe('trouble', () => {
  let folder: string;
  let lines: ManifestLine[];
  before(async () => {
    folder = await scratchFolder();
    const tracks = [...(await record(folder, camera)), ...(await record(folder, microphone))];
    lines = mergeLogs([room(START, START + 8_000), tracks]);
  });

  test('a file that is no medium, and one that is gone, cost only themselves', async () => {
    const others = await scratchFolder();
    await writeFile(path.join(others, 'camera.webm'), 'this is no WebM');
    const { path: film, problems } = await render(others, lines);
    assert.equal(problems.length, 2);
    assert.match(problems.join('\n'), /camera\.webm \(camera of Dee\) cannot be read/);
    assert.match(problems.join('\n'), /microphone\.webm .*it is not there/);
    const { durationMs } = await probed(film);
    assert.ok(Math.abs(durationMs - 8_000) < 40);
  });

  test('a file that ends early leaves a card a second later, and the sound goes on', async () => {
    const others = await scratchFolder();
    const copy = path.join(others, 'camera.webm');
    await writeFile(copy, await readFile(path.join(folder, 'camera.webm')));
    await truncate(copy, Math.floor((await stat(copy)).size / 2));
    const { path: film, problems } = await render(others, lines, {
      fileOf: ({ file }) => path.join(file === 'camera.webm' ? others : folder, file),
    });
    const [, heldText] = /ends \d\.\d s early: it holds (\d\.\d) s/.exec(problems.join()) ?? [];
    const heldMs = Number(heldText) * 1_000;
    assert.ok(heldMs > 1_000 && heldMs < 7_000, problems.join());
    const seen = await pictures(film, 160, 90);
    const red = (ms: number) => (seen.at(Math.round((ms * 30) / 1_000), 0.1, 0.4)[0] ?? 0) > 120;
    assert.equal(seen.frames, 240);
    assert.ok(red(heldMs - 300) && red(heldMs + 700) && !red(heldMs + 1_400));
    assert.equal(beeps(await sound(film), 1_000).length, 8);
  });

  test('a size that changes within a file does not end the film', async () => {
    const others = await scratchFolder();
    const half = { ...camera, codec: 'h264', to: START + 4_000 } as const;
    await record(others, { ...half, file: 'one.mkv' });
    await record(others, { ...half, file: 'two.mkv', width: 180, height: 320, colour: '0x30a030' });
    const raw: Buffer[] = [];
    for (const file of ['one.mkv', 'two.mkv']) {
      const from = ['-i', path.join(others, file)];
      const args = ['-nostdin', '-loglevel', 'error', ...from, '-c', 'copy', '-f', 'h264', '-'];
      raw.push(await output(programPath('ffmpeg'), args));
    }
    const stream = path.join(others, 'both.h264');
    await writeFile(stream, Buffer.concat(raw));
    await output(programPath('ffmpeg'), [
      ...['-nostdin', '-loglevel', 'error', '-r', '15', '-i', stream, '-c', 'copy'],
      ...['-f', 'matroska', path.join(others, 'camera.webm')],
    ]);
    const { path: film } = await render(folder, lines, {
      fileOf: ({ file }) => path.join(file === 'camera.webm' ? others : folder, file),
    });
    const seen = await pictures(film, 160, 90);
    assert.equal(seen.frames, 240);
    const [red] = seen.at(75, 0.2, 0.4);
    const [, green] = seen.at(195, 0.2, 0.4);
    assert.ok(red > 120 && green > 120, `${red} ${green}`);
  });

  test('what was paused is not in the film', async () => {
    const paused = (at: number, is: boolean): ManifestLine => ({
      ...{ type: 'paused', at: START + at, version: 1, paused: is },
    });
    const withPause = mergeLogs([[...lines, paused(2_500, true), { ...paused(5_500, false) }]]);
    const { path: film, durationMs } = await render(folder, withPause);
    assert.equal(durationMs, 5_000);
    const found = beeps(await sound(film), 1_000).map((ms) => Math.round(ms / 100) / 10);
    assert.deepEqual(found, [0, 1, 2, 3, 4]);
    assert.equal((await pictures(film, 160, 90)).flashes(0.1, 0.4).length, 5);
  });

  test('a film that is cancelled ends its children at once', async () => {
    const workDir = path.join(folder, 'cancelled');
    const cancel = new AbortController();
    const { run: watchedRun, running } = watched();
    const rendering = render(folder, lines, {
      ...{ workDir, height: 720, run: watchedRun, signal: cancel.signal },
      onProgress: () => cancel.abort(new Error('nobody wants it')),
    });
    await assert.rejects(
      within('the end of a cancelled film', 10_000, rendering),
      /nobody wants it/,
    );
    assert.equal(running(), 0);
    assert.deepEqual(
      (await readdir(workDir)).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  test('the next attempt takes what the last one finished', async () => {
    const workDir = path.join(folder, 'resumed');
    const first = watched();
    await render(folder, lines, { workDir, run: first.run });
    assert.equal(first.renders(), 2);
    const again = watched();
    await render(folder, lines, { workDir, run: again.run });
    assert.equal(again.renders(), 0);
    const larger = watched();
    await render(folder, lines, { workDir, run: larger.run, height: 240 });
    assert.equal(larger.renders(), 1);
  });

  test('ten minutes later, with a clock that drifts by 200 ppm, flash and beep are still in sync', async () => {
    const others = await scratchFolder();
    const to = START + 600_000;
    const slow = { to, ppm: 200 } as const;
    const tiny = { width: 32, height: 18, fps: 10, codec: 'h264' } as const;
    const long = [
      ...(await record(others, { ...camera, ...slow, ...tiny, file: 'camera.mkv' })),
      ...(await record(others, { ...microphone, ...slow })),
    ];
    const last = mergeLogs([room(to - 6_000, to), long]);
    const { path: film, problems } = await render(others, last);
    assert.deepEqual(problems, []);
    const flashes = (await pictures(film, 160, 90)).flashes(0.1, 0.4);
    const beeping = beeps(await sound(film), 1_000);
    assert.equal(flashes.length, 6);
    assert.equal(beeping.length, 6);
    for (const [index, flash] of flashes.entries()) {
      assert.ok(Math.abs(flash - (beeping[index] ?? 0)) < 60, `${flashes} and ${beeping}`);
      assert.ok(Math.abs(flash - index * 1_000) < 110, `${flashes}`);
      assert.ok(Math.abs((beeping[index] ?? 0) - index * 1_000) < 20, `${beeping}`);
    }
  });
});

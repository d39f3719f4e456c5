// A call that is recorded into a folder: begun by a participant, ended, and found whole.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { until } from '../../support/process/until.ts';
import {
  indexIn,
  manifestOf,
  probe,
  readyEntry,
  recordFolder,
  trackFile,
  tracksIn,
} from '../../support/recording/recorded.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer } from '../../support/server/app.ts';

/** It takes the last log and twenty seconds until another recorder counts as gone. */
const READY = { withinMs: 60_000 };
/** Rendering of some seconds, on a busy machine. */
const RENDERED = { withinMs: 120_000 };

test('a call is recorded, one file a track, and listed when it is over', async (t) => {
  const folder = await recordFolder(t);
  const server = await startServer(t, {
    ...{ RECORD_ENABLED: '1', RECORD_DIR: folder, RECORD_FILM_HEIGHT: '180' },
  });
  const ada = await Person.join(t, server.url, 'story', 'Ada');
  const ben = await Person.join(t, server.url, 'story', 'Ben');
  await ada.sees(ben);
  assert.equal(ada.call.recording.terms?.allowed, true);
  await ada.call.recording.start();
  await until('both to know', () => {
    for (const { call } of [ada, ben]) {
      assert.equal(call.recording.running?.startedBy, ada.participantId);
    }
  });
  await until('four files to grow', async () => {
    const [entry] = await indexIn(folder);
    assert.ok(entry);
    const names = await readdir(`${folder}/${entry.folder}/tracks`);
    assert.equal(names.length, 4);
  });
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  await ada.call.recording.stop();
  const entry = await readyEntry(folder, READY);
  assert.deepEqual(entry.participants.toSorted(), ['Ada', 'Ben']);
  assert.deepEqual(entry.gaps, []);
  assert.equal(entry.files.length, 4);
  for (const { name, kind, durationMs, bytes } of entry.files) {
    const { codec, times } = await probe(trackFile(folder, entry, name));
    assert.equal(codec, kind === 'audio' ? 'opus' : 'vp8');
    const seconds = (times.at(-1) ?? 0) - (times[0] ?? 0);
    assert.ok(seconds > 3, `${name} has ${seconds} s`);
    assert.ok(Math.abs(durationMs / 1_000 - seconds) < 0.2, `${durationMs} ms, ${seconds} s`);
    assert.ok(bytes > 0);
  }
  const lines = await manifestOf(folder, entry);
  const types = new Set(lines.map(({ type }) => type));
  for (const type of [
    'begin',
    'joined',
    'published',
    'segment',
    'clock',
    'end',
    'stopped',
    'close',
  ]) {
    assert.ok(types.has(type as never), `no ${type} in the manifest`);
  }
  ada.call.leave();
  ben.call.leave();
  await until(
    'the film',
    async () => assert.equal((await indexIn(folder))[0]?.films?.length, 1),
    RENDERED,
  );
  const [film] = (await indexIn(folder))[0]?.films ?? [];
  assert.ok(film);
  const { codec, height, times } = await probe(`${folder}/${entry.folder}/films/${film.name}`);
  assert.deepEqual([codec, height], ['h264', 180]);
  assert.ok((times.at(-1) ?? 0) > 3);
  await server.becomesIdle();
});

test('without ffmpeg there is a recording, and its film says what to do', async (t) => {
  const folder = await recordFolder(t);
  const server = await startServer(t, {
    ...{ RECORD_ENABLED: '1', RECORD_DIR: folder, RECORD_FFMPEG: '/nowhere/ffmpeg' },
  });
  const ada = await Person.join(t, server.url, 'story', 'Ada', { share: ['microphone'] });
  await ada.call.recording.start();
  await until('a file', async () => assert.equal((await tracksIn(folder)).length, 1));
  const { token } = await ada.call.recording.access();
  const id = ada.call.recording.running?.id;
  await ada.call.recording.stop();
  await until(
    'the film to say so',
    async () => {
      const answer = await fetch(new URL(`api/recordings/${id}`, server.url), {
        headers: { authorization: `Bearer ${token}` },
      });
      const { films } = (await answer.json()) as { films: { state: string; problem?: string }[] };
      assert.match(films[0]?.problem ?? '', /install ffmpeg, or name it in RECORD_FFMPEG/);
    },
    READY,
  );
});

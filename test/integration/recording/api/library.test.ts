// Recordings over HTTP: started, listed, told of, deleted; films ordered.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import * as v from 'valibot';
import { indexKey } from '../../../../server/recording/catalog/keys.ts';
import { FINISH_JOB } from '../../../../server/recording/process/finish-kind.ts';
import { StoreError } from '../../../../server/recording/stores/store.ts';
import { Film, RecordingDetails, RecordingList } from '../../../../shared/recording/recording.ts';
import { RecordingStarted } from '../../../../shared/recording/requests.ts';
import { CLOSED, RecordingWeb } from '../../../support/recording/recording-web.ts';
import {
  putRecording,
  readyEntry,
  runningEntry,
  THEN,
} from '../../../support/recording/recordings.ts';
import { AUTH_TOKEN } from '../../../support/server/operator.ts';

const FILM = 'grid-1.mp4';
const TRACK = 'ada-camera-1.webm';

async function scene(context: TestContext, env: Record<string, string> = CLOSED) {
  const web = await RecordingWeb.start(context, env);
  const ask = (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) => web.ask(method, path, { token: AUTH_TOKEN, body, headers });
  const list = async (query = '') => {
    const { recordings, cursor } = v.parse(
      RecordingList,
      (await ask('GET', `/api/recordings${query}`)).json,
    );
    return { recordings, cursor, ids: recordings.map(({ id }) => id) };
  };
  const details = async (id: string) =>
    v.parse(RecordingDetails, (await ask('GET', `/api/recordings/${id}`)).json);
  return { web, ask, list, details };
}

test('an application starts, pauses, resumes and stops a recording', async (t) => {
  const { web, ask, details } = await scene(t);
  assert.equal((await ask('POST', '/api/rooms/team/recordings')).status, 404);
  web.rooms.rooms.set('team', undefined);
  const started = await ask('POST', '/api/rooms/team/recordings');
  assert.equal(started.status, 201);
  const { id } = v.parse(RecordingStarted, started.json);
  const again = await ask('POST', '/api/rooms/team/recordings');
  assert.deepEqual([again.status, again.code], [409, 'already_recording']);
  assert.equal((await details(id)).state, 'running');
  await ask('POST', `/api/recordings/${id}/pause`);
  assert.equal((await details(id)).state, 'paused');
  assert.partialDeepStrictEqual((await ask('GET', '/api/rooms/team/recording')).json, {
    recording: { paused: true },
  });
  await ask('POST', `/api/recordings/${id}/resume`);
  assert.equal((await ask('DELETE', `/api/recordings/${id}`)).code, 'still_recording');
  assert.equal((await ask('POST', `/api/recordings/${id}/stop`)).status, 204);
  const stopped = await ask('POST', `/api/recordings/${id}/stop`);
  assert.deepEqual([stopped.status, stopped.code], [409, 'not_recording']);
  assert.equal((await details(id)).state, 'finishing');
});

test('a recording is paused and stopped as its room has it, whatever the index knows', async (t) => {
  const { web, ask } = await scene(t);
  web.rooms.rooms.set('team', undefined);
  const start = async () => {
    const { json } = await ask('POST', '/api/rooms/team/recordings');
    return (json as { id: string }).id;
  };
  // In the first moment nobody has written it to the index; later the store is away.
  web.store.before = (operation) => {
    if (operation === 'write') throw new StoreError('failing', 'not yet');
  };
  const unwritten = await start();
  assert.equal((await ask('POST', `/api/recordings/${unwritten}/pause`)).status, 204);
  assert.equal(web.rooms.rooms.get('team')?.paused, true);
  assert.equal((await ask('POST', `/api/recordings/${unwritten}/stop`)).status, 204);
  assert.equal(web.rooms.rooms.get('team'), undefined);
  const gone = await ask('POST', `/api/recordings/${unwritten}/stop`);
  assert.deepEqual([gone.status, gone.code], [404, 'not_found']);

  const id = await start();
  web.store.before = () => {
    throw new StoreError('unreachable', 'away');
  };
  const host = await web.invite('team', 'host');
  const stranger = await web.invite('another', 'host');
  const path = `/api/recordings/${id}`;
  assert.equal((await web.ask('POST', `${path}/pause`, { token: host })).status, 204);
  assert.notEqual((await web.ask('POST', `${path}/stop`, { token: stranger })).status, 204);
  assert.equal(web.rooms.rooms.get('team')?.id, id);
  assert.equal((await ask('POST', `${path}/stop`)).status, 204);
  assert.equal(web.rooms.rooms.get('team'), undefined);
});

test('a recording starts though its store is away; where the quota is reached it does not', async (t) => {
  const { web, ask } = await scene(t, { ...CLOSED, RECORD_QUOTA_MB: '1' });
  web.rooms.rooms.set('team', undefined);
  web.rooms.rooms.set('other', undefined);
  web.store.before = () => {
    throw new StoreError('unreachable', 'away');
  };
  assert.equal((await ask('POST', '/api/rooms/team/recordings')).status, 201);
  web.store.before = () => {};
  const large = readyEntry({ bytes: 1_000_000 });
  putRecording(web.store, large);
  const full = await ask('POST', '/api/rooms/other/recordings');
  assert.deepEqual([full.status, full.code], [507, 'recordings_full']);
  assert.equal(web.rooms.rooms.get('other'), undefined);
});

test('a list in pages, by room and by search; what is wrong in a query is said', async (t) => {
  const { web, ask, list } = await scene(t);
  const entries = ['team', 'réunion', 'team', 'board', '会議室'].map((room, at) => {
    const entry = readyEntry({ room, startedAt: THEN + at * 60_000, participants: [`Zoë ${at}`] });
    putRecording(web.store, entry);
    return entry;
  });
  const newest = entries.map(({ id }) => id).reverse();
  const first = await list('?limit=3');
  const second = await list(`?limit=3&cursor=${first.cursor}`);
  assert.deepEqual([...first.ids, ...second.ids], newest);
  assert.equal(second.cursor, null);
  assert.deepEqual((await list('?room=team')).ids, [entries[2]?.id, entries[0]?.id]);
  assert.deepEqual((await list(`?room=${encodeURIComponent('会議室')}`)).ids, [entries[4]?.id]);
  assert.deepEqual((await list('?room=none')).ids, []);
  assert.deepEqual((await list('?q=REUNION')).ids, [entries[1]?.id]);
  assert.deepEqual((await list('?q=zoe%203')).ids, [entries[3]?.id]);
  assert.deepEqual((await list('?q=2026-11-28')).ids, newest);
  for (const query of [
    'limit=0',
    'limit=101',
    'limit=x',
    'limit=-1',
    'cursor=..',
    'cursor=x',
    `q=${'x'.repeat(201)}`,
    'limit=1&limit=2',
  ]) {
    assert.equal((await ask('GET', `/api/recordings?${query}`)).status, 400, query);
  }
});

test('what is told of a recording stays true while other stores are away', async (t) => {
  const { web, details } = await scene(t);
  const [ready, running] = [readyEntry(), runningEntry()];
  putRecording(web.store, ready, [FILM]);
  putRecording(web.store, running);
  assert.equal((await details(running.id)).state, 'finishing');
  web.rooms.away = true;
  assert.equal((await details(running.id)).state, 'running');
  const told = await details(ready.id);
  assert.deepEqual(told.files, ready.files);
  assert.deepEqual(told.films, [
    {
      layout: 'grid',
      format: 'mp4',
      chat: false,
      name: FILM,
      bytes: 50_000,
      id: FILM,
      state: 'ready',
      progress: 1,
    },
  ]);
});

test('a film is ordered once, followed, cancelled, and played when it is there', async (t) => {
  const { web, ask, details } = await scene(t);
  const [entry, other] = [readyEntry(), readyEntry()];
  putRecording(web.store, entry, [FILM]);
  putRecording(web.store, other);
  const films = `/api/recordings/${entry.id}/films`;
  const ordered = await ask('POST', films, { layout: 'speaker', format: 'webm', chat: true });
  assert.equal(ordered.status, 202);
  const film = v.parse(Film, ordered.json);
  assert.partialDeepStrictEqual(film, {
    layout: 'speaker',
    format: 'webm',
    chat: true,
    state: 'waiting',
  });
  assert.equal(
    v.parse(Film, (await ask('POST', films, { layout: 'speaker', format: 'webm' })).json).id,
    film.id,
  );
  assert.equal(web.jobs.jobs[0]?.key, `${entry.id}/speaker.webm`);
  web.jobs.becomes(film.id, { state: 'running', progress: 0.4, problem: 'the worker was gone' });
  assert.partialDeepStrictEqual((await details(entry.id)).films[0], {
    id: film.id,
    state: 'rendering',
    progress: 0.4,
    problem: 'the worker was gone',
  });
  assert.equal((await ask('DELETE', `/api/recordings/${other.id}/films/${film.id}`)).status, 404);
  assert.equal((await ask('DELETE', `${films}/${film.id}`)).status, 204);
  assert.equal((await details(entry.id)).films[0]?.state, 'cancelled');
  const { id } = v.parse(Film, (await ask('POST', films)).json);
  web.jobs.becomes(id, { state: 'done', result: { name: FILM, bytes: 50_000 } });
  assert.partialDeepStrictEqual((await details(entry.id)).films.at(-1), {
    id,
    name: FILM,
    state: 'ready',
    progress: 1,
  });
  for (const order of [{ layout: 'round' }, { format: 'avi' }, { chat: 'yes' }, { size: 1 }]) {
    assert.equal((await ask('POST', films, order)).status, 400, JSON.stringify(order));
  }
  const running = runningEntry();
  await web.catalog.begin(running);
  web.rooms.rooms.set('team', {
    ...{ id: running.id, startedAt: THEN, startedBy: null, paused: false },
  });
  const early = await ask('POST', `/api/recordings/${running.id}/films`);
  assert.deepEqual([early.status, early.code], [409, 'still_recording']);
});

test('deleting cancels films, takes all objects, and goes on where it was interrupted', async (t) => {
  const { web, ask, list } = await scene(t);
  const entry = readyEntry();
  putRecording(web.store, entry, [FILM]);
  const path = `/api/recordings/${entry.id}`;
  const { id } = v.parse(Film, (await ask('POST', `${path}/films`, {})).json);
  web.store.before = (operation, key) => {
    if (operation === 'delete' && key.endsWith(TRACK)) throw new StoreError('failing', 'broken');
  };
  assert.equal((await ask('DELETE', path)).status, 503);
  assert.equal((await web.jobs.get(id))?.state, 'cancelled');
  assert.deepEqual((await list()).ids, []);
  assert.equal((await ask('GET', path)).status, 404);
  web.store.before = () => {};
  assert.equal((await ask('DELETE', path)).status, 204);
  assert.equal(web.store.objects.size, 0);
  assert.equal((await ask('DELETE', path)).status, 404);
});

test('one that could not be finished is deleted, with its jobs; one that still runs is not', async (t) => {
  const { web, ask, list } = await scene(t);
  const entry = runningEntry();
  putRecording(web.store, entry);
  const path = `/api/recordings/${entry.id}`;
  const recording = { id: entry.id, startedAt: entry.startedAt, startedBy: null };
  for (const paused of [false, true]) {
    web.rooms.rooms.set(entry.room, { ...recording, paused });
    const early = await ask('DELETE', path);
    assert.deepEqual([early.status, early.code], [409, 'still_recording']);
  }
  web.rooms.rooms.set(entry.room, undefined);
  const { id, room, startedAt } = entry;
  const payload = { id, room, startedAt };
  const finishing = await web.jobs.add({ kind: FINISH_JOB, key: id, payload });
  assert.equal((await ask('DELETE', path)).status, 204);
  assert.equal((await web.jobs.get(finishing.id))?.state, 'cancelled');
  assert.deepEqual((await list()).ids, []);
  assert.equal((await ask('GET', path)).status, 404);
  const left = [...web.store.objects.keys()];
  assert.deepEqual(left, [indexKey(entry)], 'what says that it was deleted');
  assert.equal((await ask('DELETE', path)).status, 204);
});

test('bodies that are too large, or no JSON, are refused', async (t) => {
  const { web, ask } = await scene(t);
  const entry = readyEntry();
  putRecording(web.store, entry, [FILM]);
  const path = `/api/recordings/${entry.id}/links`;
  assert.equal((await ask('POST', path, { name: 'x'.repeat(5_000) })).status, 413);
  assert.equal(
    (await ask('POST', path, undefined, { 'content-type': 'application/json' })).status,
    400,
  );
  assert.equal((await ask('POST', path, undefined, { 'content-type': 'text/html' })).status, 400);
});

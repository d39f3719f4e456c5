// Recordings of open rooms, what is known before a join, and servers that do not record.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ALL_WELL,
  accessScene,
  CONTROL_WELL,
  callsOf,
  controlsOf,
  every,
  FILM,
} from '../../../support/recording/access-scene.ts';
import { OPEN } from '../../../support/recording/recording-web.ts';
import {
  putRecording,
  readyEntry,
  runningEntry,
  THEN,
} from '../../../support/recording/recordings.ts';
import { APPLICATION } from '../../../support/server/application.ts';
import { AUTH_TOKEN } from '../../../support/server/operator.ts';

test('in open rooms, who was in the call has its recordings, and nothing of before', async (t) => {
  const { web, put, run, statuses } = await accessScene(t, OPEN);
  const since = THEN + 30_000;
  const before = readyEntry({ startedAt: THEN - 3_600_000 });
  const interrupted = runningEntry({ startedAt: THEN - 7_200_000 });
  for (const entry of [before, interrupted]) putRecording(web.store, entry, [FILM]);
  const [during, now] = [put('team'), run('team')];
  const access = async (room: string) =>
    (await web.tokens.mintRecordingAccess({ room, role: 'guest', since })).token;
  const token = await access('team');
  const { json } = await web.ask('GET', '/api/recordings', { token });
  assert.deepEqual(
    (json as { recordings: { id: string }[] }).recordings.map(({ id }) => id).sort(),
    [during.id, now.id].sort(),
  );
  for (const entry of [before, interrupted]) {
    assert.deepEqual(await statuses(callsOf(entry), token), every(404, callsOf(entry)));
    assert.ok(web.store.objects.has(`${entry.folder}/films/${FILM}`));
  }
  assert.deepEqual(await statuses(controlsOf(now), token), CONTROL_WELL);
  assert.deepEqual(
    await statuses(callsOf(during), await access('other')),
    every(404, callsOf(during)),
  );
  assert.deepEqual(await statuses(callsOf(during), token), ALL_WELL);
  const anybody = [...callsOf(before), ...controlsOf(now), ['GET', '/api/recordings'] as const];
  for (const stranger of [undefined, 'guess', AUTH_TOKEN]) {
    const found = await statuses(anybody, stranger);
    assert.ok(
      found.every((status) => status === 401 || status === 429),
      `${found}`,
    );
  }
});

test('whether a room is recorded is for those who may join it', async (t) => {
  const closed = await accessScene(t);
  const open = await accessScene(t, OPEN);
  const path = '/api/rooms/team/recording';
  closed.run('team');
  open.run('team');
  const statusOf = async (token: string | undefined) =>
    (await closed.web.ask('GET', path, { token })).status;
  for (const role of ['host', 'guest', 'viewer'] as const) {
    const token = await closed.web.invite('team', role);
    const { json } = await closed.web.ask('GET', path, { token });
    assert.deepEqual(json, { recording: { paused: false, startedAt: THEN } });
  }
  assert.equal(await statusOf(AUTH_TOKEN), 200);
  assert.equal(await statusOf(`${APPLICATION.id}:${APPLICATION.secret}`), 200);
  assert.equal(await statusOf(undefined), 401);
  assert.equal(await statusOf('wrong'), 401);
  assert.equal(await statusOf(await closed.web.invite('team', 'guest', -60)), 401);
  assert.equal(await statusOf(await closed.web.invite('other', 'host')), 403);
  assert.equal((await open.web.ask('GET', path)).status, 200);
  const { json } = await open.web.ask('GET', '/api/rooms/empty/recording');
  assert.deepEqual(json, { recording: null });
});

test('on a server that does not record there is none of it, and it says so', async (t) => {
  const { web, put, run, statuses } = await accessScene(t, { AUTH_TOKEN });
  const calls = [
    ...callsOf(put('team')).filter(([method]) => method !== 'HEAD'),
    ...controlsOf(run('team')),
    ['GET', '/api/recordings'] as const,
    ['GET', '/api/rooms/team/recording'] as const,
    ['GET', '/api/shared/a.b.c'] as const,
  ];
  assert.deepEqual(await statuses(calls, AUTH_TOKEN), every(404, calls));
  const { code, body } = await web.ask('GET', '/api/recordings', { token: AUTH_TOKEN });
  assert.equal(code, 'not_found');
  assert.match(body.toString(), /RECORD_ENABLED/);
});

// Links and tickets: each opens one object, and ends.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import * as v from 'valibot';
import { StoreError } from '../../../../server/recording/stores/store.ts';
import { ShareLink } from '../../../../shared/recording/recording.ts';
import { MediaTicket } from '../../../../shared/recording/requests.ts';
import { CLOSED, OPEN, RecordingWeb } from '../../../support/recording/recording-web.ts';
import { putRecording, readyEntry } from '../../../support/recording/recordings.ts';
import { AUTH_TOKEN } from '../../../support/server/operator.ts';

const FILM = 'grid-1.mp4';
const TRACK = 'ada-camera-1.webm';

async function scene(context: TestContext, env: Record<string, string> = CLOSED) {
  const web = await RecordingWeb.start(context, env);
  const ask = (method: string, path: string, body?: unknown) =>
    web.ask(method, path, { token: AUTH_TOKEN, body });
  return { web, ask };
}

test('a link opens one object for everybody, until it expires or the recording is deleted', async (t) => {
  const { web, ask } = await scene(t);
  const entry = readyEntry({ room: '会議室' });
  putRecording(web.store, entry, [FILM]);
  const path = `/api/recordings/${entry.id}`;
  const made = await ask('POST', `${path}/links`, { name: FILM });
  assert.equal(made.status, 201);
  const { url, expiresAt } = v.parse(ShareLink, made.json);
  assert.ok(Math.abs(expiresAt - (Date.now() / 1_000 + 604_800)) <= 2);
  const shared = new URL(url).pathname;
  const whole = await web.ask('GET', shared);
  assert.deepEqual(
    [whole.status, whole.body.length, whole.headers['content-type']],
    [200, 50_000, 'video/mp4'],
  );
  assert.equal((await web.ask('GET', shared, { headers: { range: 'bytes=0-9' } })).body.length, 10);
  assert.equal((await web.ask('HEAD', shared)).status, 200);
  // For nothing else.
  const token = shared.split('/').at(-1) ?? '';
  assert.equal((await web.ask('GET', path, { token })).status, 401);
  assert.equal((await web.ask('GET', `${path}/films/${FILM}?ticket=${token}`)).status, 401);

  const { token: old } = await web.tokens.mintLink(
    { room: entry.room, id: entry.id, name: FILM },
    -60,
  );
  const expired = await web.ask('GET', `/api/shared/${old}`);
  assert.deepEqual([expired.status, expired.code], [410, 'link_expired']);
  const page = await web.ask('GET', `/api/shared/${old}`, { headers: { accept: 'text/html' } });
  assert.deepEqual([page.status, page.headers['content-type']], [410, 'text/html; charset=utf-8']);
  assert.match(page.body.toString(), /expired/);
  assert.equal((await web.ask('GET', '/api/shared/a.b.c')).status, 404);
  assert.equal((await web.ask('GET', '/api/shared/')).status, 404);
  assert.equal((await web.ask('GET', `/api/shared/${token}/../x`)).status, 404);

  for (const body of [
    { name: 'none.mp4' },
    { name: '../manifest.jsonl' },
    { name: FILM, expiresIn: 1 },
    { name: FILM, expiresIn: 1e12 },
    {},
    undefined,
  ]) {
    const { status } = await ask('POST', `${path}/links`, body);
    assert.ok(status === 400 || status === 404, JSON.stringify(body));
  }
  await ask('DELETE', path);
  const ended = await web.ask('GET', shared);
  assert.deepEqual([ended.status, ended.code], [404, 'not_found']);
});

test('a ticket opens one file in a player, without headers', async (t) => {
  const { web } = await scene(t, OPEN);
  const [entry, other] = [readyEntry(), readyEntry()];
  for (const each of [entry, other]) putRecording(web.store, each, [FILM, 'grid-2.mp4']);
  const { token } = await web.tokens.mintRecordingAccess({ room: 'team', role: 'guest', since: 0 });
  const ticketFor = async (name: string, kind?: string) => {
    const body = { name, ...(kind !== undefined && { kind }) };
    const { json } = await web.ask('POST', `/api/recordings/${entry.id}/tickets`, { token, body });
    return v.parse(MediaTicket, json);
  };
  const { url, ticket, expiresAt } = await ticketFor(FILM);
  assert.ok(Math.abs(expiresAt - (Date.now() / 1_000 + 43_200)) <= 2);
  const played = await web.ask('GET', url, { headers: { range: 'bytes=0-' } });
  assert.deepEqual([played.status, played.body.length], [206, 50_000]);
  const saved = await web.ask('GET', (await ticketFor(TRACK, 'file')).url);
  assert.match(saved.headers['content-disposition'] ?? '', /^attachment/);
  const elsewhere = [
    `/api/recordings/${entry.id}/films/grid-2.mp4`,
    `/api/recordings/${entry.id}/files/${TRACK}`,
    `/api/recordings/${other.id}/films/${FILM}`,
  ];
  for (const path of elsewhere) {
    assert.equal((await web.ask('GET', `${path}?ticket=${ticket}`)).status, 404, path);
  }
  for (const path of [
    `/api/recordings/${entry.id}?ticket=${ticket}`,
    `/api/recordings/${entry.id}/manifest?ticket=${ticket}`,
  ]) {
    assert.equal((await web.ask('GET', path)).status, 401, path);
  }
  const media = `/api/recordings/${entry.id}/films/${FILM}`;
  assert.equal((await web.ask('GET', `${media}?ticket=${token}`)).code, 'token_invalid');
  assert.equal((await web.ask('GET', `${media}?ticket=`)).code, 'token_invalid');
  assert.equal((await web.ask('GET', `${media}?ticket=${ticket}&ticket=${ticket}`)).status, 400);
});

test('no token is ever in a log line, whatever becomes of its request', async (t) => {
  const { web, ask } = await scene(t);
  const entry = readyEntry();
  putRecording(web.store, entry, [FILM]);
  const object = { room: 'team', id: entry.id, name: FILM };
  const media = `/api/recordings/${entry.id}/films/${FILM}`;
  const { token: ticket } = await web.tokens.mintTicket(object);
  const { token: link } = await web.tokens.mintLink(object, 60);
  const { token: access } = await web.tokens.mintRecordingAccess({ room: 'team', role: 'host' });
  const host = await web.invite('team', 'host');
  const use = async () => {
    await web.ask('GET', `${media}?ticket=${ticket}`);
    await web.ask('GET', `/api/shared/${link}`);
    await web.ask('GET', '/api/recordings', { token: access });
    await web.ask('GET', '/api/recordings', { token: host });
    await ask('GET', '/api/recordings');
  };
  await use();
  web.store.before = () => {
    throw new StoreError('failing', 'broken');
  };
  await use();
  web.store.before = () => {
    throw new Error('a mistake of ours');
  };
  await use();
  assert.ok(web.logLines.some((line) => line.includes('a mistake of ours')));
  for (const secret of [ticket, link, access, host, AUTH_TOKEN]) {
    const [, , signature = secret] = secret.split('.');
    assert.ok(!web.logLines.some((line) => line.includes(signature)));
  }
});

// Every rule of access to recordings, attacked as each role and as nobody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url, SignJWT } from 'jose';
import type { IndexEntry } from '../../../../server/recording/catalog/entry.ts';
import { CLOSED, OPEN, RecordingWeb } from '../../../support/recording/recording-web.ts';
import {
  putRecording,
  readyEntry,
  runningEntry,
  THEN,
} from '../../../support/recording/recordings.ts';
import { APPLICATION, applicationToken } from '../../../support/server/application.ts';
import { AUTH_TOKEN } from '../../../support/server/operator.ts';

const FILM = 'grid-1.mp4';
const TRACK = 'ada-camera-1.webm';

type Call = readonly [method: string, path: string, body?: unknown];

/** All that can be asked of one recording. Deletion comes last. */
const callsOf = ({ id }: IndexEntry): Call[] => [
  ['GET', `/api/recordings/${id}`],
  ['GET', `/api/recordings/${id}/manifest`],
  ['GET', `/api/recordings/${id}/files/${TRACK}`],
  ['HEAD', `/api/recordings/${id}/files/${TRACK}`],
  ['GET', `/api/recordings/${id}/films/${FILM}`],
  ['POST', `/api/recordings/${id}/tickets`, { name: FILM }],
  ['POST', `/api/recordings/${id}/links`, { name: FILM }],
  ['POST', `/api/recordings/${id}/films`, {}],
  ['DELETE', `/api/recordings/${id}/films/job-1`],
  ['DELETE', `/api/recordings/${id}`],
];

/** All that can be asked of a room's recording that runs. */
const controlsOf = ({ id, room }: IndexEntry): Call[] => [
  ['POST', `/api/recordings/${id}/pause`],
  ['POST', `/api/recordings/${id}/resume`],
  ['POST', `/api/recordings/${id}/stop`],
  ['POST', `/api/rooms/${room}/recordings`],
];

async function scene(
  context: Parameters<typeof RecordingWeb.start>[0],
  env: Record<string, string> = CLOSED,
) {
  const web = await RecordingWeb.start(context, env);
  const put = (room: string) => {
    const entry = readyEntry({ room });
    putRecording(web.store, entry, [FILM]);
    return entry;
  };
  const run = (room: string) => {
    const entry = runningEntry({ room });
    putRecording(web.store, entry);
    web.rooms.rooms.set(room, {
      id: entry.id,
      startedAt: entry.startedAt,
      startedBy: null,
      paused: false,
    });
    return entry;
  };
  const statuses = async (calls: readonly Call[], token: string | undefined) => {
    const found: number[] = [];
    for (const [method, path, body] of calls) {
      found.push((await web.ask(method, path, { token, body })).status);
    }
    return found;
  };
  return { web, put, run, statuses };
}

const ALL_WELL = [200, 200, 200, 200, 200, 201, 201, 202, 204, 204];
const CONTROL_WELL = [204, 204, 204, 201];
const every = (status: number, calls: readonly Call[]) => calls.map(() => status);

test('operators, applications and the host of the room may do everything', async (t) => {
  const { web, put, run, statuses } = await scene(t);
  const may = [
    AUTH_TOKEN,
    `${APPLICATION.id}:${APPLICATION.secret}`,
    await web.invite('team', 'host'),
    await applicationToken({ room: 'team', role: 'host' }),
    (await web.tokens.mintRecordingAccess({ room: 'team', role: 'host' })).token,
  ];
  for (const token of may) {
    web.jobs.jobs.length = 0;
    assert.deepEqual(await statuses(callsOf(put('team')), token), ALL_WELL);
    assert.deepEqual(await statuses(controlsOf(run('team')), token), CONTROL_WELL);
    assert.equal((await web.ask('GET', '/api/recordings?room=team', { token })).status, 200);
  }
});

test('guests and viewers of the room may nothing, with whatever token', async (t) => {
  const { web, put, run, statuses } = await scene(t);
  const calls = [
    ...callsOf(put('team')),
    ...controlsOf(run('team')),
    ['GET', '/api/recordings?room=team'] as const,
  ];
  const mayNot = [
    await web.invite('team', 'guest'),
    await web.invite('team', 'viewer'),
    await applicationToken({ room: 'team', role: 'guest' }),
    (await web.tokens.mintRecordingAccess({ room: 'team', role: 'guest' })).token,
  ];
  for (const token of mayNot) assert.deepEqual(await statuses(calls, token), every(403, calls));
});

test('for the host of another room there is no such recording', async (t) => {
  const { web, put, run, statuses } = await scene(t);
  web.rooms.rooms.set('other', undefined);
  const theirs = [
    ...callsOf(put('team')),
    ...controlsOf(run('team')),
    ['GET', '/api/recordings?room=team'] as const,
  ];
  const none = callsOf(readyEntry({ room: 'other' }));
  for (const token of [
    await web.invite('other', 'host'),
    (await web.tokens.mintRecordingAccess({ room: 'other', role: 'host' })).token,
  ]) {
    assert.deepEqual(await statuses(theirs, token), every(404, theirs));
    assert.deepEqual(await statuses(none, token), every(404, none));
    const [path] = [`/api/recordings/${put('team').id}`];
    const wrong = await web.ask('GET', path, { token });
    const missing = await web.ask('GET', `/api/recordings/${readyEntry().id}`, { token });
    assert.deepEqual(wrong.json, missing.json);
    const { json } = await web.ask('GET', '/api/recordings', { token });
    assert.deepEqual(json, { recordings: [], cursor: null });
  }
});

test('nobody, and who has forged or found a token, is let in nowhere', async (t) => {
  const { web, put, run, statuses } = await scene(t, {
    ...CLOSED,
    WRONG_TOKENS_PER_ADDRESS_PER_MINUTE: '10000',
  });
  const calls = [
    ...callsOf(put('team')),
    ...controlsOf(run('team')),
    ['GET', '/api/recordings'] as const,
  ];
  const soon = Math.floor(Date.now() / 1_000) + 600;
  const claims = { room: 'team', role: 'host', iss: 'parley', exp: soon };
  const sign = (more: object, secret: Uint8Array, kid: string) =>
    new SignJWT({ ...claims, ...more }).setProtectedHeader({ alg: 'HS256', kid }).sign(secret);
  const application = new TextEncoder().encode(APPLICATION.secret);
  const object = { room: 'team', id: put('team').id, name: FILM };
  const refused: Record<string, string | undefined> = {
    nobody: undefined,
    nothing: '',
    'a wrong AUTH_TOKEN': `${AUTH_TOKEN}x`,
    'a wrong API key': `${APPLICATION.id}:wrong`,
    'an expired invitation': await web.invite('team', 'host', -60),
    'an expired invitation of an application': await applicationToken(
      { room: 'team', role: 'host' },
      -60,
    ),
    'an application that signs access': await sign(
      { aud: 'parley:recordings' },
      application,
      APPLICATION.id,
    ),
    'another key': await sign({ aud: 'parley:room' }, new Uint8Array(32), APPLICATION.id),
    'another audience': await sign({ aud: 'parley:rejoin' }, application, APPLICATION.id),
    'alg none': `${base64url.encode(JSON.stringify({ alg: 'none', kid: APPLICATION.id }))}.${base64url.encode(JSON.stringify({ ...claims, aud: 'parley:recordings' }))}.`,
    'a ticket as a bearer token': (await web.tokens.mintTicket(object)).token,
    'a link as a bearer token': (await web.tokens.mintLink(object, 60)).token,
  };
  for (const [who, token] of Object.entries(refused)) {
    assert.deepEqual(await statuses(calls, token), every(401, calls), who);
  }
  const { headers, code } = await web.ask('GET', '/api/recordings');
  assert.deepEqual([headers['www-authenticate'], code], ['Bearer', 'unauthorized']);
  // A cookie or a query opens nothing.
  for (const path of [
    `/api/recordings?token=${AUTH_TOKEN}`,
    `/api/recordings?access_token=${AUTH_TOKEN}`,
  ]) {
    const answer = await web.ask('GET', path, { headers: { cookie: `token=${AUTH_TOKEN}` } });
    assert.equal(answer.status, 401);
  }
});

test('wrong tokens count against their address, and right ones are let in all the same', async (t) => {
  const { web, put } = await scene(t, { ...CLOSED, WRONG_TOKENS_PER_ADDRESS_PER_MINUTE: '4' });
  const entry = put('team');
  const media = `/api/recordings/${entry.id}/films/${FILM}`;
  const wrong = [
    ['/api/recordings', 'wrong'],
    [`${media}?ticket=a.b.c`, undefined],
    ['/api/shared/a.b.c', undefined],
    ['/api/rooms/team/recording', 'wrong'],
    ['/api/recordings', 'wrong'],
  ] as const;
  const codes: (string | undefined)[] = [];
  for (const [path, token] of wrong) codes.push((await web.ask('GET', path, { token })).code);
  assert.deepEqual(codes, [
    'unauthorized',
    'token_invalid',
    'not_found',
    'unauthorized',
    'rate_limited',
  ]);
  // Not even the right one is compared now; what cannot be guessed is.
  assert.equal(
    (await web.ask('GET', '/api/recordings', { token: AUTH_TOKEN })).code,
    'rate_limited',
  );
  const { token: ticket } = await web.tokens.mintTicket({ room: 'team', id: entry.id, name: FILM });
  assert.equal((await web.ask('GET', `${media}?ticket=${ticket}`)).status, 200);
  assert.equal(
    (await web.ask('GET', '/api/recordings', { token: await web.invite('team', 'host') })).status,
    200,
  );
});

test('where applications alone record, hosts start and stop nothing by HTTP, and have their recordings', async (t) => {
  const { web, put, run, statuses } = await scene(t, { ...CLOSED, RECORD_BY: 'applications' });
  const host = await web.invite('team', 'host');
  const calls = controlsOf(run('team'));
  assert.deepEqual(await statuses(calls, host), every(403, calls));
  assert.deepEqual(await statuses(calls, AUTH_TOKEN), CONTROL_WELL);
  assert.equal(
    (await web.ask('GET', `/api/recordings/${put('team').id}`, { token: host })).status,
    200,
  );
});

test('in open rooms, who was in the call has its recordings, and nothing of before', async (t) => {
  const { web, put, run, statuses } = await scene(t, OPEN);
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
  const closed = await scene(t);
  const open = await scene(t, OPEN);
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
  const { web, put, run, statuses } = await scene(t, { AUTH_TOKEN });
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

// Every rule of access to recordings, attacked as each role and as nobody.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url, SignJWT } from 'jose';
import {
  ALL_WELL,
  accessScene,
  CONTROL_WELL,
  callsOf,
  controlsOf,
  every,
  FILM,
} from '../../../support/recording/access-scene.ts';
import { CLOSED } from '../../../support/recording/recording-web.ts';
import { readyEntry } from '../../../support/recording/recordings.ts';
import { APPLICATION, applicationToken } from '../../../support/server/application.ts';
import { AUTH_TOKEN } from '../../../support/server/operator.ts';

test('operators, applications and the host of the room may do everything', async (t) => {
  const { web, put, run, statuses } = await accessScene(t);
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
  const { web, put, run, statuses } = await accessScene(t);
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
  const { web, put, run, statuses } = await accessScene(t);
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
  const { web, put, run, statuses } = await accessScene(t, {
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
  const { web, put } = await accessScene(t, {
    ...CLOSED,
    WRONG_TOKENS_PER_ADDRESS_PER_MINUTE: '4',
  });
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
  const { web, put, run, statuses } = await accessScene(t, {
    ...CLOSED,
    RECORD_BY: 'applications',
  });
  const host = await web.invite('team', 'host');
  const calls = controlsOf(run('team'));
  assert.deepEqual(await statuses(calls, host), every(403, calls));
  assert.deepEqual(await statuses(calls, AUTH_TOKEN), CONTROL_WELL);
  assert.equal(
    (await web.ask('GET', `/api/recordings/${put('team').id}`, { token: host })).status,
    200,
  );
});

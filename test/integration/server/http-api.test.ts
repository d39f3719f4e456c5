// What the web server answers to plain HTTP: pages, health, tokens, and refusals as JSON.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { PAGE, startServer, type TestServer } from '../../support/server/app.ts';
import { APPLICATION, WITH_APPLICATION } from '../../support/server/application.ts';

const AUTH_TOKEN = 'an-auth-token-of-the-tests';
const YEAR = 31_536_000;

interface TokenAnswer {
  token: string;
  url: string;
  expiresAt: number;
  error: { code: string; message: string };
}

async function mint(
  server: TestServer,
  room: string,
  body: unknown,
  { authorization = `Bearer ${AUTH_TOKEN}`, type = 'application/json' } = {},
): Promise<{ status: number; answer: TokenAnswer; headers: Headers }> {
  const response = await fetch(new URL(`/api/rooms/${room}/tokens`, server.url), {
    method: 'POST',
    headers: { authorization, ...(body !== undefined && { 'content-type': type }) },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const answer = (await response.json()) as TokenAnswer;
  return { status: response.status, answer, headers: response.headers };
}

test('pages come with headers that keep strangers out', async (t) => {
  const server = await startServer(t);
  for (const path of ['/', '/r/team', '/r/team?relay=1']) {
    const response = await fetch(new URL(path, server.url));
    assert.equal(response.status, 200);
    assert.equal(await response.text(), PAGE);
    const header = (name: string) => response.headers.get(name) ?? '';
    const policy = new Map(
      header('content-security-policy')
        .split(';')
        .map((directive) => directive.trim().split(/ (.*)/) as [string, string]),
    );
    assert.equal(policy.get('default-src'), "'none'");
    assert.equal(policy.get('script-src'), "'self'");
    assert.equal(policy.get('frame-ancestors'), "'self'");
    assert.equal(policy.get('base-uri'), "'none'");
    assert.doesNotMatch(header('content-security-policy'), /unsafe|\*/);
    assert.match(header('permissions-policy'), /camera=\(self\).*microphone=\(self\)/);
    assert.match(header('permissions-policy'), /display-capture=\(self\)/);
    assert.equal(header('x-content-type-options'), 'nosniff');
    assert.equal(header('referrer-policy'), 'no-referrer');
    assert.equal(header('cache-control'), 'no-cache');
    assert.equal(header('x-powered-by'), '');
  }
});

test('what has its contents in its name is kept for ever', async (t) => {
  const server = await startServer(t);
  const response = await fetch(new URL('/assets/app.js', server.url));
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /javascript/);
  assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
});

test('healthy while it runs, ready while it can take calls', async (t) => {
  const server = await startServer(t);
  const get = async (path: string) => {
    const response = await fetch(new URL(path, server.url));
    return [response.status, await response.json()];
  };
  assert.deepEqual(await get('/healthz'), [200, { status: 'ok' }]);
  assert.deepEqual(await get('/readyz'), [200, { status: 'ready' }]);
});

test('programs get JSON for every address that does not exist', async (t) => {
  const server = await startServer(t);
  const asked = [
    ['GET', '/nothing'],
    ['GET', `/r/${'x'.repeat(600)}`],
    ['POST', '/'],
    ['DELETE', '/r/team'],
    ['GET', '/api/rooms/team/tokens'],
    ['GET', '/assets/nothing.js'],
    ['GET', '/.inputs'],
  ] as const;
  for (const [method, path] of asked) {
    const response = await fetch(new URL(path, server.url), { method });
    assert.equal(response.status, 404, `${method} ${path.slice(0, 40)}`);
    const { error } = (await response.json()) as TokenAnswer;
    assert.equal(error.code, 'not_found', `${method} ${path.slice(0, 40)}`);
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  }
});

test('an API key mints invitations, and is nobody’s operator', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN, ...WITH_APPLICATION });
  const authorization = `Bearer ${APPLICATION.id}:${APPLICATION.secret}`;
  const { status } = await mint(server, 'team', {}, { authorization });
  assert.equal(status, 201);
  const nodes = await fetch(new URL('/api/nodes', server.url), { headers: { authorization } });
  assert.equal(nodes.status, 401);
  const wrong = await mint(server, 'team', {}, { authorization: `${authorization}x` });
  assert.equal(wrong.status, 401);
});

test('no path leads out of the folder of the page', async (t) => {
  const server = await startServer(t);
  const { port } = new URL(server.url);
  const raw = (path: string) =>
    new Promise<number>((resolve, reject) => {
      // fetch() would tidy the path up.
      request({ host: '127.0.0.1', port, path }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      })
        .on('error', reject)
        .end();
    });
  for (const path of [
    '/../../package.json',
    '/assets/../../../etc/passwd',
    '/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%2f..%2f..%2fetc%2fpasswd',
    '/%00',
    '/%',
  ]) {
    const status = await raw(path);
    assert.ok([400, 403, 404].includes(status), `${path}: ${status}`);
  }
});

test('whoever has the AUTH_TOKEN gets an invitation, with a link', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN, TOKEN_TTL_SECONDS: '600' });
  const asked = { name: 'Ada', role: 'host', expiresIn: 60 };
  const { status, answer } = await mint(server, 'team', asked);
  assert.equal(status, 201);
  assert.equal(answer.url, `${server.url}r/team#token=${answer.token}`);
  assert.ok(Math.abs(answer.expiresAt - Date.now() / 1_000 - 60) < 5);
  const plain = await mint(server, 'team', undefined);
  assert.equal(plain.status, 201, 'nothing has to be asked for');
  assert.ok(Math.abs(plain.answer.expiresAt - Date.now() / 1_000 - 600) < 5);
});

test('without the AUTH_TOKEN there is no invitation, and no reason', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN });
  const refusals = await Promise.all(
    [
      '',
      'Bearer',
      'Bearer ',
      `Bearer ${AUTH_TOKEN.slice(0, -1)}`,
      `Bearer ${AUTH_TOKEN}x`,
      `Basic ${AUTH_TOKEN}`,
      AUTH_TOKEN,
      `Bearer ${'x'.repeat(8_000)}`,
    ].map((authorization) => mint(server, 'No Room At All', {}, { authorization })),
  );
  for (const { status, answer, headers } of refusals) {
    assert.equal(status, 401);
    assert.equal(answer.error.code, 'unauthorized', 'before anything else is looked at');
    assert.equal(headers.get('www-authenticate'), 'Bearer');
    assert.deepEqual(answer, refusals[0]?.answer);
  }
});

test('on an open server there are no invitations to be had', async (t) => {
  const server = await startServer(t);
  const { status, answer } = await mint(server, 'team', {});
  assert.equal(status, 404);
  assert.equal(answer.error.code, 'not_found');
  assert.match(answer.error.message, /AUTH_TOKEN/);
});

test('an invitation that makes no sense is refused with its reason', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN });
  const cases: readonly [string, unknown, number, string][] = [
    ['No%20Room', {}, 400, 'invalid_room'],
    ['x'.repeat(65), {}, 400, 'invalid_room'],
    ['team', { name: '\u202etsoh' }, 400, 'invalid_name'],
    ['team', { name: '' }, 400, 'invalid_name'],
    ['team', { role: 'admin' }, 400, 'bad_message'],
    ['team', { expiresIn: 0 }, 400, 'bad_message'],
    ['team', { expiresIn: -1 }, 400, 'bad_message'],
    ['team', { expiresIn: 1.5 }, 400, 'bad_message'],
    ['team', { expiresIn: YEAR + 1 }, 400, 'bad_message'],
    ['team', { expiresIn: '60' }, 400, 'bad_message'],
    ['team', '"text"', 400, 'bad_message'],
    ['team', '{', 400, 'bad_message'],
    ['team', { name: 'x'.repeat(5_000) }, 413, 'message_too_large'],
  ];
  for (const [room, body, status, code] of cases) {
    const refusal = await mint(server, room, body);
    assert.ok(refusal.answer.error, `${JSON.stringify(body)}: ${JSON.stringify(refusal.answer)}`);
    const what = `${room} ${JSON.stringify(body)}`.slice(0, 60);
    assert.deepEqual([refusal.status, refusal.answer.error.code], [status, code], what);
  }
  for (const expiresIn of [1, YEAR]) {
    assert.equal((await mint(server, 'team', { expiresIn })).status, 201, `${expiresIn} s`);
  }
  const form = await mint(server, 'team', 'name=Ada', {
    type: 'application/x-www-form-urlencoded',
  });
  assert.equal(form.answer.error.code, 'bad_message');
});

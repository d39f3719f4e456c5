// Requests as they should not be: addresses with typing errors, bodies without an end.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { PAGE, startServer } from '../../support/server/app.ts';

const AUTH_TOKEN = 'an-auth-token-of-the-tests';

test('an address that somebody typed leads to its page, or to one that says what is wrong', async (t) => {
  const server = await startServer(t);
  const { port } = new URL(server.url);
  /** As a browser asks, with the path as it is: fetch() would tidy it up. */
  const open = (path: string, method = 'GET') =>
    new Promise<{ status: number; text: string; policy: string }>((resolve, reject) => {
      const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
      request({ host: '127.0.0.1', port, path, method, headers }, async (response) => {
        const text = (await response.toArray()).join('');
        const policy = String(response.headers['content-security-policy']);
        resolve({ status: response.statusCode ?? 0, text, policy });
      })
        .on('error', reject)
        .end();
    });
  const pages = [
    '/r/blue/',
    '/r/blue//',
    '//r/blue',
    '/R/blue',
    '/r/',
    '/check/',
    '/Check',
    '/ADMIN/',
    '/check?room=a',
    '//',
    '/index.html',
  ];
  for (const path of pages) assert.equal((await open(path)).status, 200, path);
  const wrong: Record<string, number> = {
    '/nothing': 404,
    '/nothing/': 404,
    '/r/blue/more': 404,
    '//evil.example/r/blue': 404,
    [`/r/${'x'.repeat(600)}`]: 404,
    [`/${'x'.repeat(5_000)}`]: 404,
    '/assets/nothing.js': 404,
    '/signaling': 426,
    '/%': 400,
    '/r/50%': 400,
    '/r/%E0%A4%A': 400,
    '/r/%zz?a=%': 400,
  };
  for (const [path, status] of Object.entries(wrong)) {
    const answer = await open(path);
    assert.equal(answer.status, status, path.slice(0, 40));
    assert.equal(answer.text, PAGE, path.slice(0, 40));
    assert.match(answer.policy, /default-src 'none'/, path.slice(0, 40));
  }
  for (const [method, path] of [
    ['POST', '/'],
    ['GET', '/api/nothing'],
    ['DELETE', '/r/team'],
  ] as const) {
    const { status, text } = await open(path, method);
    assert.deepEqual([status, JSON.parse(text).error.code], [404, 'not_found'], path);
  }
});

test('a percent sign too many is JSON for programs, with every header', async (t) => {
  const server = await startServer(t);
  const response = await fetch(new URL('/r/50%', server.url));
  assert.equal(response.status, 400);
  assert.equal(((await response.json()) as { error: { code: string } }).error.code, 'bad_message');
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
});

test('REQUEST_TIMEOUT_MS: a request that is sent too slowly is ended, one in time is answered', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN, REQUEST_TIMEOUT_MS: '1000' });
  const { port } = new URL(server.url);
  const head = `POST /api/rooms/team/tokens HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${AUTH_TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n`;
  const say = (first: string, later: string, afterMs: number) =>
    new Promise<string>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port: Number(port) }, () => socket.write(first));
      const timer = setTimeout(() => socket.write(later), afterMs);
      let heard = '';
      socket.on('data', (data) => {
        heard += data;
        socket.end();
      });
      socket.on('error', () => {});
      socket.on('close', () => {
        clearTimeout(timer);
        resolve(heard);
      });
    });
  const [inTime, never, noHeaders, silent] = await Promise.all([
    say(`${head}{`, '}', 200),
    say(`${head}{`, '', 100),
    say('GET / HTTP/1.1\r\nhost: ', 'a', 100),
    say('', '', 100),
  ]);
  assert.match(inTime, /^HTTP\/1.1 201/);
  assert.match(never, /^HTTP\/1.1 408/);
  assert.match(noHeaders, /^HTTP\/1.1 408/);
  assert.match(silent, /^(HTTP\/1.1 408|$)/);
});

test('an address that is too long to be read is a page for browsers, and JSON for programs', async (t) => {
  const server = await startServer(t);
  const get = async (accept: string) => {
    const response = await fetch(new URL(`/r/${'x'.repeat(20_000)}`, server.url), {
      headers: { accept },
    });
    const header = (name: string) => response.headers.get(name) ?? '';
    assert.equal(response.status, 431);
    assert.match(header('content-security-policy'), /default-src 'none'/);
    return { type: header('content-type'), text: await response.text() };
  };
  const page = await get('text/html,*/*');
  assert.match(page.type, /text\/html/);
  assert.match(page.text, /too long.*href="\/"/);
  const json = await get('*/*');
  assert.equal(JSON.parse(json.text).error.code, 'message_too_large');
});

test('a body that is larger than any route reads is refused', async (t) => {
  const server = await startServer(t, { AUTH_TOKEN });
  const headers = { authorization: `Bearer ${AUTH_TOKEN}`, 'content-type': 'application/json' };
  const body = 'x'.repeat(20_000);
  for (const path of ['/api/turn', '/api/rooms/team/tokens', '/api/nodes/one/drain']) {
    const response = await fetch(new URL(path, server.url), { method: 'POST', headers, body });
    assert.equal(response.status, 413, path);
  }
});

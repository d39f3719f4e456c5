// Who may frame what, and the script that other pages load.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { registerPages } from '../../../server/api/pages.ts';
import { startServer } from '../../support/server/app.ts';

const PRODUCT = 'https://app.example.org';

function ancestors({ headers }: Response): string | undefined {
  return /frame-ancestors ([^;]*)/.exec(headers.get('content-security-policy') ?? '')?.[1];
}

test('without the setting the server alone may frame a call', async (t) => {
  const server = await startServer(t);
  const response = await fetch(new URL('/embed/blue', server.url));
  assert.equal(response.status, 200);
  assert.equal(ancestors(response), "'self'");
  const origins = await fetch(new URL('/api/embed', server.url));
  assert.deepEqual(await origins.json(), { origins: [] });
});

test('pages of EMBED_ORIGINS may frame calls, and nothing else', async (t) => {
  const server = await startServer(t, {
    EMBED_ORIGINS: `${PRODUCT}/with/a/path, http://localhost:8080`,
  });
  const response = await fetch(new URL('/embed/blue', server.url));
  assert.equal(ancestors(response), `'self' ${PRODUCT} http://localhost:8080`);
  assert.equal(response.headers.get('x-frame-options'), null);
  assert.equal(response.headers.get('referrer-policy'), 'no-referrer');
  // The rest of the policy is that of every page.
  assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  assert.match(response.headers.get('permissions-policy') ?? '', /camera=\(self\)/);
  const origins = await fetch(new URL('/api/embed', server.url));
  assert.deepEqual(await origins.json(), { origins: [PRODUCT, 'http://localhost:8080'] });
  for (const other of ['/', '/r/blue', '/admin', '/recordings', '/embed', '/embed/blue/more']) {
    const answer = await fetch(new URL(other, server.url), { headers: { accept: 'text/html' } });
    assert.equal(ancestors(answer), "'self'", other);
    assert.equal(answer.headers.get('x-frame-options'), 'SAMEORIGIN', other);
  }
});

test('an origin that is none is refused at the start', async (t) => {
  await assert.rejects(startServer(t, { EMBED_ORIGINS: 'app.example.org' }), /EMBED_ORIGINS/);
  await assert.rejects(startServer(t, { EMBED_ORIGINS: '*' }), /EMBED_ORIGINS/);
});

test('the script is the same for all replicas, is asked for once, and may be loaded from anywhere', async (t) => {
  const clientDir = await mkdtemp(path.join(tmpdir(), 'parley-embed-'));
  t.after(() => rm(clientDir, { recursive: true, force: true }));
  const code = 'export {};\n'.repeat(100);
  await writeFile(path.join(clientDir, 'index.html'), '<!doctype html>');
  await writeFile(path.join(clientDir, 'embed.js'), code);
  await writeFile(path.join(clientDir, 'embed.js.gz'), gzipSync(code));
  const etags = new Set<string>();
  for (let replica = 0; replica < 2; replica++) {
    const app = Fastify();
    t.after(() => app.close());
    await registerPages(app, { clientDir });
    const url = new URL('/embed.js', await app.listen({ port: 0, host: '127.0.0.1' }));
    const zipped = await fetch(url);
    assert.equal(await zipped.text(), code);
    assert.equal(zipped.headers.get('content-encoding'), 'gzip');
    const plain = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
    assert.equal(await plain.text(), code);
    assert.equal(plain.headers.get('content-encoding'), null);
    for (const { headers } of [zipped, plain]) {
      assert.equal(headers.get('access-control-allow-origin'), '*');
      assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin');
      assert.equal(headers.get('cache-control'), 'public, max-age=3600');
      assert.equal(headers.get('vary'), 'accept-encoding');
      assert.match(headers.get('content-type') ?? '', /^text\/javascript/);
      etags.add(headers.get('etag') ?? '');
    }
    const [etag = ''] = etags;
    const again = await fetch(url, { headers: { 'if-none-match': etag } });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), '');
    const other = await fetch(url, { headers: { 'if-none-match': 'W/"another"' } });
    assert.equal(other.status, 200);
  }
  assert.equal(etags.size, 1);
  assert.ok(!etags.has(''));
});

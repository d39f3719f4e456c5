// Files and films over HTTP: parts of them, slow clients, clients that hang up, and addresses that climb.
import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { filmKey, trackKey } from '../../../../server/recording/catalog/keys.ts';
import { StoreError } from '../../../../server/recording/stores/store.ts';
import { until } from '../../../support/process/until.ts';
import { CLOSED, RecordingWeb } from '../../../support/recording/recording-web.ts';
import {
  contentOf,
  fileOf,
  putRecording,
  readyEntry,
  THEN,
} from '../../../support/recording/recordings.ts';
import { AUTH_TOKEN } from '../../../support/server/operator.ts';

const FILM = 'grid-1.mp4';
const TRACK = 'ada-camera-1.webm';
/** More than all buffers between a server and a client that does not read. */
const LARGE = 48_000_000;

async function scene(context: TestContext) {
  const web = await RecordingWeb.start(context, CLOSED);
  const entry = readyEntry({ room: 'réunion' });
  putRecording(web.store, entry, [FILM]);
  const token = AUTH_TOKEN;
  const ask = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    web.ask(method, `/api/recordings/${entry.id}${path}`, { token, headers });
  return { web, entry, ask, file: `/files/${TRACK}`, film: `/films/${FILM}` };
}

/** A request whose answer is read by the test. */
function opened(web: RecordingWeb, path: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = { authorization: `Bearer ${AUTH_TOKEN}` };
  get(new URL(path, web.url), { headers, agent: false }, resolve).on('error', reject);
  return promise;
}

test('a file comes whole, with all that a player and a browser need to know', async (t) => {
  const { ask, file, film } = await scene(t);
  const track = await ask(file);
  assert.equal(track.status, 200);
  assert.deepEqual(track.body, contentOf(100_000));
  const { headers } = track;
  assert.equal(headers['content-type'], 'video/webm');
  assert.equal(headers['content-length'], '100000');
  assert.equal(headers['accept-ranges'], 'bytes');
  assert.match(headers['cache-control'] ?? '', /private/);
  assert.match(headers.etag ?? '', /^"[\w-]+"$/);
  assert.ok(headers['last-modified']);
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(
    headers['content-disposition'],
    `inline; filename="reunion 2026-11-28 18.45.12 Ada camera.webm"; filename*=UTF-8''r%C3%A9union%202026-11-28%2018.45.12%20Ada%20camera.webm`,
  );
  assert.equal((await ask(film)).headers['content-type'], 'video/mp4');
  const saved = await ask(`${film}?download=1`);
  assert.match(saved.headers['content-disposition'] ?? '', /^attachment; .*grid\.mp4/);
});

test('HEAD tells of the whole, and reads nothing', async (t) => {
  const { web, ask, file } = await scene(t);
  const whole = await ask(file);
  const reads = web.store.asked.read;
  const head = await ask(file, { range: 'bytes=0-1' }, 'HEAD');
  const fixed = ({ date: _, connection: __, ...rest }: typeof head.headers) => rest;
  assert.deepEqual([head.status, fixed(head.headers)], [200, fixed(whole.headers)]);
  assert.equal(head.body.length, 0);
  assert.equal(web.store.asked.read, reads);
});

test('ranges: parts, the end, what is not there, and what changed meanwhile', async (t) => {
  const { web, entry, ask, file } = await scene(t);
  const content = contentOf(100_000);
  const part = await ask(file, { range: 'bytes=10-19' });
  assert.equal(part.status, 206);
  assert.equal(part.headers['content-range'], 'bytes 10-19/100000');
  assert.deepEqual(part.body, content.subarray(10, 20));
  const end = await ask(file, { range: 'bytes=-7' });
  assert.deepEqual([end.status, end.body], [206, content.subarray(-7)]);
  const none = await ask(file, { range: 'bytes=100000-' });
  assert.deepEqual([none.status, none.headers['content-range']], [416, 'bytes */100000']);
  assert.equal(none.body.length, 0);
  const { etag = '' } = part.headers;
  assert.equal((await ask(file, { range: 'bytes=0-1', 'if-range': etag })).status, 206);
  assert.equal((await ask(file, { 'if-none-match': etag })).status, 304);
  assert.equal((await ask(file, { 'if-match': '"other"' })).status, 412);
  web.store.put(trackKey(entry.folder, TRACK), contentOf(90_000));
  const changed = await ask(file, { range: 'bytes=0-1', 'if-range': etag });
  assert.deepEqual([changed.status, changed.body.length], [200, 90_000]);
});

test('any range of the file is that slice of it', async (t) => {
  const { ask, file } = await scene(t);
  const content = contentOf(100_000);
  const bound = fc.integer({ min: 0, max: 99_999 });
  await fc.assert(
    fc.asyncProperty(bound, bound, async (one, other) => {
      const [first, last] = one < other ? [one, other] : [other, one];
      const { status, headers, body } = await ask(file, { range: `bytes=${first}-${last}` });
      assert.equal(status, 206);
      assert.equal(headers['content-length'], String(last - first + 1));
      assert.ok(body.equals(content.subarray(first, last + 1)));
    }),
    { numRuns: 40 },
  );
});

test('a client that does not read is sent no more than buffers hold; then it gets the rest', async (t) => {
  const { web, entry, film } = await scene(t);
  web.store.put(filmKey(entry.folder, FILM), Buffer.alloc(LARGE, 7));
  const response = await opened(web, `/api/recordings/${entry.id}${film}`);
  response.pause();
  let before = -1;
  await until('the server to wait for its client', () => {
    const now = web.store.chunksRead;
    const isSame = now === before && now > 0;
    before = now;
    assert.ok(isSame, `${now} chunks`);
  });
  assert.ok(web.store.chunksRead * 16_384 < LARGE / 2, `${web.store.chunksRead} chunks were read`);
  let bytes = 0;
  for await (const part of response) bytes += (part as Buffer).length;
  assert.equal(bytes, LARGE);
  await until('the stream to be closed', () => assert.equal(web.store.openStreams, 0));
});

test('when clients hang up, in the middle or before the first byte, the store is read no further', async (t) => {
  const { web, entry, film } = await scene(t);
  web.store.put(filmKey(entry.folder, FILM), Buffer.alloc(LARGE, 7));
  const path = `/api/recordings/${entry.id}${film}`;
  const responses = await Promise.all(Array.from({ length: 10 }, () => opened(web, path)));
  assert.equal(web.store.openStreams, 10);
  for (const response of responses) response.destroy();
  await until('all streams to be closed', () => assert.equal(web.store.openStreams, 0));

  const held = Promise.withResolvers<void>();
  let asked = 0;
  web.store.before = (operation) => {
    if (operation !== 'read') return undefined;
    asked += 1;
    return held.promise;
  };
  const early = get(new URL(path, web.url), { headers: { authorization: `Bearer ${AUTH_TOKEN}` } });
  early.on('error', () => {});
  await until('the store to be asked', () => assert.equal(asked, 1));
  early.destroy();
  held.resolve();
  web.store.before = () => {};
  await until('that stream to be closed too', () => assert.equal(web.store.openStreams, 0));
  assert.equal((await web.ask('GET', path, { token: AUTH_TOKEN })).status, 200);
});

test('a store that fails in the middle ends the answer, so that nobody takes a part for the whole', async (t) => {
  const { web, entry, film } = await scene(t);
  web.store.put(filmKey(entry.folder, FILM), Buffer.alloc(LARGE, 7));
  const read = web.store.read.bind(web.store);
  const streams: Readable[] = [];
  web.store.read = async (key, range) => {
    const stream = await read(key, range);
    if (key.includes('/films/')) streams.push(stream);
    return stream;
  };
  const response = await opened(web, `/api/recordings/${entry.id}${film}`);
  let bytes = 0;
  const reading = async () => {
    for await (const part of response) {
      bytes += (part as Buffer).length;
      streams[0]?.destroy(new StoreError('failing', 'broken'));
    }
  };
  await assert.rejects(reading());
  assert.ok(bytes > 0 && bytes < LARGE);
  await until('the stream to be closed', () => assert.equal(web.store.openStreams, 0));
});

test('a store that fails before the first byte is a sentence', async (t) => {
  const { web, ask, film } = await scene(t);
  const read = web.store.read.bind(web.store);
  web.store.read = async (key, range) => {
    const stream = await read(key, range);
    if (key.includes('/films/')) stream.destroy(new StoreError('failing', 'broken'));
    return stream;
  };
  const { status, code, headers } = await ask(film, { range: 'bytes=0-9' });
  assert.deepEqual([status, code], [503, 'unavailable']);
  assert.match(headers['content-type'] ?? '', /json/);
  assert.equal(headers['content-range'], undefined);
  assert.equal(headers['content-disposition'], undefined);
});

test('a store that does not answer, and a file that is not there, are sentences', async (t) => {
  const { web, entry, ask, file } = await scene(t);
  web.store.objects.delete(trackKey(entry.folder, TRACK));
  const missing = await ask(file);
  assert.deepEqual([missing.status, missing.code], [404, 'not_found']);
  for (const failing of ['stat', 'read'] as const) {
    web.store.put(trackKey(entry.folder, TRACK), contentOf(100));
    web.store.before = (operation) => {
      if (operation === failing) throw new StoreError('denied', 'the keys were rotated');
    };
    const { status, code, headers, body } = await ask(file, { range: 'bytes=0-1' });
    assert.deepEqual([status, code], [503, 'unavailable'], failing);
    assert.match(headers['content-type'] ?? '', /json/);
    assert.equal(headers['content-range'], undefined);
    assert.doesNotMatch(body.toString(), /rotated/);
  }
  assert.ok(web.logLines.some((line) => line.includes('the keys were rotated')));
});

test('nothing is served by a name that the recording does not have', async (t) => {
  const { web, entry, ask } = await scene(t);
  const other = readyEntry({ files: [fileOf(THEN, { name: 'secret.webm' })] });
  putRecording(web.store, other, ['grid-9.mp4']);
  web.store.put(`${entry.folder}/tracks/not-in-the-index.webm`, 'x');
  const climbing = [
    '../manifest.jsonl',
    '..%2fmanifest.jsonl',
    '%2e%2e%2fmanifest.jsonl',
    '%2e%2e%5cmanifest.jsonl',
    '..%252fmanifest.jsonl',
    `..%2f..%2f${other.id}%2ftracks%2fsecret.webm`,
    '%2fetc%2fpasswd',
    `${TRACK}%00`,
    `${TRACK}%00.txt`,
    `${TRACK}%0d%0a`,
    `${TRACK}%2f`,
    `${TRACK}.`,
    `%20${TRACK}`,
    `．．%2f${TRACK}`.replaceAll('．', '%EF%BC%8E'),
    '%E2%80%AE',
    '%ff',
    '.',
    '..',
    '%2e',
    '%2e%2e',
    '',
    'secret.webm',
    'grid-9.mp4',
    'not-in-the-index.webm',
    'manifest.jsonl',
    'writer-1.jsonl',
    '__proto__',
    'constructor',
    'x'.repeat(500),
    TRACK.toUpperCase(),
  ];
  const { read } = web.store.asked;
  for (const name of climbing) {
    for (const kind of ['files', 'films']) {
      const { status } = await ask(`/${kind}/${name}`);
      assert.ok(status === 404 || status === 400, `${kind}/${name}: ${status}`);
    }
  }
  // A film is no file, and a file no film.
  assert.equal((await ask(`/films/${TRACK}`)).status, 404);
  assert.equal((await ask(`/files/${FILM}`)).status, 404);
  // The index entry was read, and nothing else.
  assert.ok(web.store.asked.read - read <= 2);
  for (const id of [
    '..',
    '%2e%2e',
    `${entry.id}%2f..`,
    `${entry.id}.json`,
    'index',
    entry.id.toUpperCase(),
  ]) {
    const { status } = await web.ask('GET', `/api/recordings/${id}`, { token: AUTH_TOKEN });
    assert.ok(status === 404 || status === 400, `${id}: ${status}`);
  }
});

test('the manifest comes when there is one', async (t) => {
  const { web, entry, ask } = await scene(t);
  const { status, headers, body } = await ask('/manifest');
  assert.deepEqual([status, body.toString()], [200, '{"type":"begin"}\n']);
  assert.match(headers['content-disposition'] ?? '', /^attachment; .*manifest\.jsonl/);
  web.store.objects.delete(`${entry.folder}/manifest.jsonl`);
  assert.equal((await ask('/manifest')).status, 404);
});

test('films that the store has are played without a word of them in the index', async (t) => {
  const { web, entry, ask } = await scene(t);
  web.store.put(filmKey(entry.folder, 'audio-2.mp4'), 'sound');
  const { status, headers } = await ask('/films/audio-2.mp4');
  assert.deepEqual([status, headers['content-type']], [200, 'audio/mp4']);
});

// How many objects are sent at once, what becomes of a client that stands still, and an object without a byte.
import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import Fastify from 'fastify';
import { ObjectSender } from '../../../../server/api/recordings/send-object.ts';
import { until } from '../../../support/process/until.ts';
import { MemoryStore } from '../../../support/recording/memory-store.ts';
import { ownedBy } from '../../../support/server/owned.ts';

/** More than all buffers between a server and a client that does not read. */
const LARGE = 48_000_000;

async function scene(
  context: TestContext,
  options: { atOnce?: number; stalledMs?: number } = {},
  content = Buffer.alloc(LARGE),
) {
  const store = new MemoryStore();
  store.put('object', content);
  const sender = new ObjectSender({ store, ...options });
  const app = Fastify({ forceCloseConnections: true });
  app.get('/', (request, reply) =>
    sender.send(request, reply, {
      ...{ key: 'object', type: 'video/webm', fileName: 'object.webm', download: false },
    }),
  );
  ownedBy(context).defer(() => app.close());
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const open = () => {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    get(url, { agent: false }, resolve).on('error', reject);
    return promise;
  };
  return { store, sender, open };
}

test('above the limit clients are told to come later; when one has ended, the next one is sent', async (t) => {
  const { store, sender, open } = await scene(t, { atOnce: 2 });
  const [first, second] = [await open(), await open()];
  const third = await open();
  assert.equal(third.statusCode, 500, 'the error handler of the API makes 503 of it');
  third.resume();
  assert.equal(sender.open, 2);
  first.destroy();
  await until('a place to be free', () => assert.equal(sender.open, 1));
  const fourth = await open();
  assert.equal(fourth.statusCode, 200);
  for (const response of [second, fourth]) response.destroy();
  await until('all to be closed', () => assert.deepEqual([sender.open, store.openStreams], [0, 0]));
});

test('a store that fails takes no place', async (t) => {
  const { store, sender, open } = await scene(t, { atOnce: 1 });
  for (let time = 0; time < 3; time += 1) {
    store.before = (operation) => {
      if (operation === 'read') throw new Error('broken');
    };
    (await open()).resume();
    assert.equal(sender.open, 0);
  }
});

test('a client that stands still is let go', async (t) => {
  const { store, sender, open } = await scene(t, { stalledMs: 300 });
  const response = await open();
  response.on('error', () => {});
  response.pause();
  await until('the client to be let go', () =>
    assert.deepEqual([sender.open, store.openStreams], [0, 0]),
  );
});

test('an object without a byte is an answer without a body', async (t) => {
  const { sender, open } = await scene(t, {}, Buffer.alloc(0));
  const response = await open();
  assert.deepEqual([response.statusCode, response.headers['content-length']], [200, '0']);
  assert.equal((await response.toArray()).length, 0);
  await until('it to be closed', () => assert.equal(sender.open, 0));
});

// People come and go, in every way they can; afterwards the server holds what it held before.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer, type TestServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';
import { TestWorkers } from '../../support/server/workers.ts';

const VISITS = 500;
/** People inside at any moment; enough that joins, publications and departures cross. */
const AT_ONCE = 20;
const ROOMS = 4;
/** With real media, which costs a hundred times as much. */
const MEDIA_VISITS = 6;

/** Timers and sockets of this process, as Node counts them. */
function nodeResources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

async function visit(server: TestServer, t: Parameters<typeof RawClient.open>[0], n: number) {
  const client = await RawClient.open(t, server.signalingUrl);
  const { media } = await client.join(`room-${n % ROOMS}`);
  const track = publication(media.epoch, { source: n % 2 ? 'camera' : 'microphone' });
  await client.request('publish', track);
  if (n % 5 === 0) await client.request('unpublish', { trackId: track.trackId });
  if (n % 7 === 0) await client.request('rebuildMedia', { epoch: media.epoch });
  // Half of them say goodbye; the others vanish, which only the grace period notices.
  if (n % 2) await client.request('leave', {});
  await client.drop();
}

test(`${VISITS} joins and leaves leave nothing behind`, { timeout: 120_000 }, async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t, { WORKERS: '2', GRACE_PERIOD_MS: '50', LOG_LEVEL: 'warn' });
  // What the first of everything costs (caches, pools) is no leak.
  for (let n = 0; n < AT_ONCE; n++) await visit(server, t, n);
  await server.becomesIdle();
  const before = nodeResources();
  let next = 0;
  const visitor = async () => {
    while (next < VISITS) await visit(server, t, next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, visitor));
  await server.becomesIdle();
  assert.equal(next, VISITS);
  assert.deepEqual(await workers.contents(), { routers: 0, transports: 0 });
  await until('Node to hold no more than before', () => {
    const now = nodeResources();
    for (const kind of ['Timeout', 'TCPSocketWrap', 'PipeWrap', 'ProcessWrap']) {
      assert.ok((now[kind] ?? 0) <= (before[kind] ?? 0), `${kind}: ${now[kind]}`);
    }
  });
});

test('calls with media leave nothing behind', { timeout: 120_000 }, async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t, { WORKERS: '2', LOG_LEVEL: 'warn' });
  for (let n = 0; n < MEDIA_VISITS; n++) {
    const [ada, ben] = await Promise.all([
      Person.join(t, server.url, `media-${n}`, 'Ada'),
      Person.join(t, server.url, `media-${n}`, 'Ben'),
    ]);
    await Promise.all([ada.sees(ben), ben.hears(ada)]);
    ada.call.leave();
    ben.call.leave();
  }
  await server.becomesIdle();
  assert.deepEqual(await workers.contents(), { routers: 0, transports: 0 });
});

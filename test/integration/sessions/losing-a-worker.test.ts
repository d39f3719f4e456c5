// A mediasoup worker dies in the middle of calls: its rooms come back by themselves, others never know.
import assert from 'node:assert/strict';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';
import { Person } from '../../support/sdk/participant.ts';
import { startServer, workerBinary } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';
import { ownedBy } from '../../support/server/owned.ts';
import { publication } from '../../support/server/rtp.ts';
import { TestWorkers } from '../../support/server/workers.ts';

const trackIds = (person: Person) => [...person.call.remoteTracks.keys()].sort();

test('its room alone is rebuilt, under the same track ids; another room loses nothing', async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t, { WORKERS: '2' });
  const ada = await Person.join(t, server.url, 'room-one', 'Ada');
  const ben = await Person.join(t, server.url, 'room-one', 'Ben');
  const cy = await Person.join(t, server.url, 'room-two', 'Cy');
  const dan = await Person.join(t, server.url, 'room-two', 'Dan', { share: ['microphone'] });
  await Promise.all([ada.sees(ben), ben.sees(ada), ada.hears(ben), ben.hears(ada), dan.sees(cy)]);
  const worker = await workers.onPort(await ada.mediaPort());
  assert.notEqual(worker, await workers.onPort(await cy.mediaPort()), 'the rooms share a worker');
  const before = { ada: trackIds(ada), ben: trackIds(ben), ports: server.app.media.ports };
  const untouched = [await cy.transports(), await dan.transports()];

  process.kill(worker.pid, 'SIGKILL');
  await until('the rebuild to have begun', () =>
    assert.ok(server.logLines.some((line) => line.includes('worker died'))),
  );
  const within = DEADLINES.mediaRebuilt;
  await Promise.all([ada.sees(ben, within), ben.sees(ada, within)]);
  await Promise.all([ada.hears(ben, within), ben.hears(ada, within)]);
  assert.deepEqual([trackIds(ada), trackIds(ben)], [before.ada, before.ben]);
  assert.deepEqual(
    ada.call.room.participants.map(({ online }) => online),
    [true, true],
  );

  await dan.sees(cy);
  assert.deepEqual([await cy.transports(), await dan.transports()], untouched);
  for (const person of [ada, ben, cy, dan]) {
    assert.deepEqual(person.problems, [], `${person.name} was bothered`);
    assert.equal(person.call.connection.state, 'connected');
  }
  assert.deepEqual([cy.states, dan.states], [[], []]);
  await until('the dead worker to be replaced on its port', () => {
    assert.equal(server.counts().worker, 2);
    assert.deepEqual([...server.app.media.ports].sort(), [...before.ports].sort());
  });
});

test('with one worker only the call comes back too, even if the next one dies as well', async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, 'team', 'Ada');
  const ben = await Person.join(t, server.url, 'team', 'Ben');
  await Promise.all([ada.sees(ben), ben.sees(ada)]);
  const first = workers.only;
  process.kill(first.pid, 'SIGKILL');
  const second = await until('the next worker', () => {
    const [next] = workers.alive.filter((worker) => worker !== first);
    assert.ok(next);
    return next;
  });
  process.kill(second.pid, 'SIGKILL');
  const within = DEADLINES.mediaRebuilt;
  await Promise.all([ada.sees(ben, within), ben.sees(ada, within), ben.hears(ada, within)]);
  assert.deepEqual([...ada.problems, ...ben.problems], []);
  ada.call.leave();
  ben.call.leave();
  await server.becomesIdle();
});

test('a session that comes back while its worker is dead gets the new media session, once', async (t) => {
  const workers = new TestWorkers(t);
  const server = await startServer(t);
  const ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team');
  await ada.drop();
  process.kill(workers.only.pid, 'SIGKILL');
  const back = await RawClient.open(t, server.signalingUrl);
  const { media } = await until('the resume', () => back.resume('team', joined, 1));
  // Depending on who was first, it is the session of before, and the event tells of the new one.
  const { epoch } =
    media.epoch === joined.media.epoch ? await back.event('media') : { epoch: media.epoch };
  await back.request('publish', publication(epoch));
  const { transport, peer, producer } = server.counts();
  assert.deepEqual({ transport, peer, producer }, { transport: 2, peer: 1, producer: 1 });
  await back.request('leave', {});
  await back.drop();
  await server.becomesIdle();
});

test('without any worker people are told, nothing piles up, and it mends itself', async (t) => {
  const workers = new TestWorkers(t);
  const folder = await mkdtemp(path.join(tmpdir(), 'parley-worker-'));
  ownedBy(t).defer(() => rm(folder, { recursive: true, force: true }));
  const workerBin = path.join(folder, 'mediasoup-worker');
  await cp(await workerBinary(), workerBin);
  const env = { GRACE_PERIOD_MS: '3000', COMMAND_TIMEOUT_MS: '1000' };
  const server = await startServer(t, env, { workerBin });
  const ada = await RawClient.open(t, server.signalingUrl);
  const joined = await ada.join('team');
  await rm(workerBin);
  process.kill(workers.only.pid, 'SIGKILL');
  await until('readiness to be taken back', async () => {
    const ready = await fetch(new URL('/readyz', server.url));
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /no media server takes sessions/);
  });

  const ben = await RawClient.open(t, server.signalingUrl);
  await assert.rejects(ben.join('another'), { code: 'no_capacity' });
  await ada.drop();
  const back = await RawClient.open(t, server.signalingUrl);
  const { participantId, resumeSecret } = joined;
  const rtpCapabilities = ROUTER_RTP_CAPABILITIES;
  const claim = { room: 'team', participantId, resumeSecret, version: 1, rtpCapabilities };
  assert.match(await back.outcome('resume', claim), /^(timeout|no_capacity)$/);
  await until('the session that could not be resumed to be given up', () =>
    assert.equal(server.counts().session, 0),
  );

  await cp(await workerBinary(), workerBin);
  await until(
    'a worker to be there again',
    async () => {
      const cy = await RawClient.open(t, server.signalingUrl);
      await cy.join('another');
    },
    { withinMs: 30_000, everyMs: 500 },
  );
});

// Transports that were prepared for a join, and what they depend on is lost: nodes, replicas, time. The join works.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ParleyError } from '../../../shared/errors.ts';
import { startReplicas, type Wrap } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { startServer } from '../../support/server/app.ts';
import { RawClient } from '../../support/server/client.ts';

/** A web replica whose requests to nodes go another way. @param ask makes the request */
function asking(request: (command: string, ask: () => Promise<unknown>) => Promise<unknown>): Wrap {
  return (cluster) => ({
    ...cluster,
    get connected() {
      return cluster.connected;
    },
    bus: {
      subscribe: (...args) => cluster.bus.subscribe(...args),
      publish: (...args) => cluster.bus.publish(...args),
      serve: (...args) => cluster.bus.serve(...args),
      request: (...args) => request(args[1], () => cluster.bus.request(...args)),
    },
  });
}

/** A web replica whose requests to nodes may get lost. */
function deaf(isLost: (command: string) => boolean): Wrap {
  return asking((command, ask) =>
    isLost(command) ? Promise.reject(new ParleyError('unavailable')) : ask(),
  );
}

test('PREPARED_LEASE_MS: it lasts as long as web renews it, and ends by itself when web is gone', async (t) => {
  let isGone = false;
  let renewals = 0;
  const { web, media } = await startReplicas(
    t,
    {
      web: 1,
      wrap: deaf((command) => {
        if (command === 'prepareKeep') renewals += 1;
        return isGone && command.startsWith('prepare');
      }),
    },
    { PREPARED_LEASE_MS: '600' },
  );
  const client = await RawClient.open(t, web[0]!.signalingUrl);
  const { id, epoch } = await client.prepare('team');
  await until('two leases to be over', () => assert.ok(renewals > 6));
  assert.equal(media.counts().prepared, 1);
  isGone = true;
  await until('the node to have closed it', () => {
    const { prepared, transport, router, timer: _ } = media.counts();
    assert.deepEqual([prepared, transport, router], [0, 0, 0]);
  });
  const joined = await client.join('team', { prepared: id });
  assert.notEqual(joined.media.epoch, epoch);
});

test('a join does not wait for a node that takes long to prepare, and what comes too late is closed', async (t) => {
  const slow = Promise.withResolvers<void>();
  const { web, media } = await startReplicas(t, {
    web: 1,
    wrap: asking(async (command, ask) => {
      const answer = await ask();
      if (command === 'prepare') await slow.promise;
      return answer;
    }),
  });
  const client = await RawClient.open(t, web[0]!.signalingUrl);
  await client.request('prepare', { room: 'team' });
  await client.join('team');
  assert.equal(client.events('prepared').length, 0);
  slow.resolve();
  await until('nothing to be prepared', () => {
    const { prepared, transport } = media.counts();
    assert.deepEqual([prepared, transport], [0, 2]);
  });
});

test('a node that opens it after web has given it up keeps nothing', async (t) => {
  const atNode = Promise.withResolvers<unknown>();
  const { web, media } = await startReplicas(t, {
    web: 1,
    wrap: asking((command, ask) => {
      const answer = ask();
      if (command !== 'prepare') return answer;
      atNode.resolve(answer);
      return Promise.reject(new ParleyError('timeout'));
    }),
  });
  const client = await RawClient.open(t, web[0]!.signalingUrl);
  await client.request('prepare', { room: 'team' });
  // The answer of the node comes to nobody.
  await Promise.allSettled([atNode.promise]);
  await until('nothing to be left', () => {
    const { prepared, transport, router } = media.counts();
    assert.deepEqual([prepared, transport, router], [0, 0, 0]);
  });
});

test('a node that drains, or is lost: the join opens its media elsewhere, in the same answer', async (t) => {
  for (const end of ['drain', 'close'] as const) {
    const replicas = await startReplicas(t, { web: 1, nodes: 2 });
    const client = await RawClient.open(t, replicas.web[0]!.signalingUrl);
    const { id, epoch } = await client.prepare('team');
    const there = replicas.nodes.find(({ resources }) => resources.counts().prepared === 1);
    const other = replicas.nodes.find((node) => node !== there);
    assert.ok(there && other);
    await there.node[end]();
    await until('the registry to know', async () => {
      const nodes = await replicas.cluster.nodes.list();
      assert.ok(!nodes.some(({ id, draining }) => id === there.node.id && !draining));
    });
    const { media } = await client.join('team', { prepared: id });
    assert.notEqual(media.epoch, epoch);
    assert.equal(other.resources.counts().peer, 1);
    await until('nothing to be left', () => assert.equal(there.resources.counts().prepared, 0));
  }
});

test('loads that change meanwhile do not take it away; a room that is elsewhere by then does', async (t) => {
  const { web, nodes, cluster } = await startReplicas(t, { web: 1, nodes: 2 });
  const url = web[0]!.signalingUrl;
  const client = await RawClient.open(t, url);
  const { id, epoch } = await client.prepare('team');
  const there = nodes.find(({ resources }) => resources.counts().prepared === 1);
  assert.ok(there);
  // Another room makes this node the fuller one.
  const other = await RawClient.open(t, url);
  await other.join('other');
  await until('the load to be known', async () => {
    const list = await cluster.nodes.list();
    assert.equal(
      list.reduce((sum, { sessions }) => sum + sessions, 0),
      1,
    );
  });
  const { media } = await client.join('team', { prepared: id });
  assert.equal(media.epoch, epoch);

  const late = await RawClient.open(t, url);
  const second = await late.prepare('third');
  const [node] = nodes.filter(({ resources }) => resources.counts().prepared === 1);
  const away = nodes.find((one) => one !== node);
  assert.ok(away);
  const guest = await RawClient.open(t, url);
  const guests = await guest.join('third');
  const placement = await cluster.rooms.placement('third');
  await cluster.rooms.place('third', guests.participantId, away.node.id, placement?.epoch ?? 0);
  const joined = await late.join('third', { prepared: second.id });
  assert.notEqual(joined.media.epoch, second.epoch);
  await until('what was not used to be closed', () => {
    assert.equal(
      nodes.reduce((sum, { resources }) => sum + resources.counts().prepared, 0),
      0,
    );
  });
});

test('web is drained while something is prepared: the page is sent away, and nothing is left', async (t) => {
  const { web, media } = await startReplicas(t, { web: 2 });
  const client = await RawClient.open(t, web[0]!.signalingUrl);
  await client.prepare('team');
  await web[0]!.drain(1_000);
  const { error, reconnect } = await client.event('bye');
  assert.deepEqual([error.code, reconnect], ['shutting_down', true]);
  await until('nothing to be left', () => assert.equal(media.counts().prepared, 0));
  const other = await RawClient.open(t, web[1]!.signalingUrl);
  const { id, epoch } = await other.prepare('team');
  const joined = await other.join('team', { prepared: id });
  assert.equal(joined.media.epoch, epoch);
});

test('a session that began with it is resumed like any other', async (t) => {
  const server = await startServer(t);
  const client = await RawClient.open(t, server.signalingUrl);
  const { id, epoch } = await client.prepare('team');
  const joined = await client.join('team', { prepared: id });
  await client.drop();
  const again = await RawClient.open(t, server.signalingUrl);
  const { media } = await again.resume('team', joined, joined.snapshot.version);
  assert.equal(media.epoch, epoch);
});

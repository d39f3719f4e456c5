// Many at once, through several replicas: limits hold, and what replicas say of themselves is true.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGNALING_PATH } from '../../shared/protocol/protocol.ts';
import { TestCluster } from '../support/cluster/local-cluster.ts';
import { until } from '../support/process/until.ts';
import { RawClient } from '../support/server/client.ts';

const AUTH_TOKEN = 'a-token-for-this-test-alone';
const SECRET = 'the-secret-of-a-turn-server';

test('200 at once into a room for 50, through two web replicas: exactly 50 get in', async (t) => {
  const cluster = await TestCluster.start(t, {
    web: 2,
    sfu: 2,
    env: { MAX_PARTICIPANTS_PER_ROOM: '50', LOG_LEVEL: 'warn' },
  });
  const urls = cluster.webs.map(
    (web) => new URL(SIGNALING_PATH, cluster.urlOf(web).replace('http', 'ws')).href,
  );
  const people = await Promise.all(
    Array.from({ length: 200 }, (_, n) => RawClient.open(t, urls[n % 2]!)),
  );
  const outcomes = await Promise.all(
    people.map((person) =>
      person.join('crowd').then(
        () => 'in',
        ({ code }) => code,
      ),
    ),
  );
  const inside = people.filter((_, n) => outcomes[n] === 'in');
  assert.equal(inside.length, 50);
  assert.equal(outcomes.filter((outcome) => outcome === 'room_full').length, 150);
  const { participants } = await inside[0]!.request('snapshot', {});
  assert.equal(participants.length, 50);
  // They agreed on one replica for the room.
  await until('all media to be on one replica', async () => {
    const peers = await Promise.all(cluster.sfus.map((sfu) => cluster.resources(sfu)));
    assert.deepEqual(peers.map(({ peer }) => peer).sort(), [0, 50]);
  });
});

test('a replica says of itself what the platform and its settings say, and no secret', async (t) => {
  const cluster = await TestCluster.start(t, { web: 1, sfu: 0, env: { AUTH_TOKEN } });
  await cluster.addSfu({
    WATASU_RTC_BASE_LABEL: 'calls',
    WATASU_RTC_BASE_DOMAIN: 'example.org',
    WATASU_RTC_INSTANCE_ORDINAL: '4',
    REGION: 'north',
    WORKERS: '2',
    TURN_HOSTNAME: 'calls.turn.example.org',
    TURN_PORT: '5349',
    TURN_SHARED_SECRET: SECRET,
    TURN_TRANSPORT: 'udp',
  });
  const response = await fetch(new URL('/api/nodes', cluster.url), {
    headers: { authorization: `Bearer ${AUTH_TOKEN}` },
  });
  const text = await response.text();
  assert.ok(!text.includes(SECRET));
  const [node, ...others] = JSON.parse(text).nodes;
  assert.equal(others.length, 0);
  const { hostname, addresses, region, workers, ports, turn, draining, sessions } = node;
  assert.deepEqual(
    { hostname, addresses, region, workers, turn, draining, sessions },
    {
      hostname: 'calls-05.example.org',
      addresses: ['calls-05.example.org', '127.0.0.1'],
      region: 'north',
      workers: 2,
      turn: ['turn:calls.turn.example.org:5349?transport=udp'],
      draining: false,
      sessions: 0,
    },
  );
  assert.equal(new Set(ports).size, 2);
});

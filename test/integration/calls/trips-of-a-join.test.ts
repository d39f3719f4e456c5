// How often a join waits for the store: with 20 ms to Redis, each time is a frame that others do not see.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { RoundTrips } from '../../support/cluster/round-trips.ts';
import { RawClient } from '../../support/server/client.ts';

const MINUTE_MS = 60_000;

test('a join makes four serial trips to the store and the media node at most', async (t) => {
  const trips = new RoundTrips();
  // The regular look at the media nodes is no trip of a join.
  const env = { NODE_WATCH_MS: String(MINUTE_MS), NODE_LOST_MS: String(MINUTE_MS) };
  const wrap = (cluster: Cluster) => trips.wrap(cluster);
  const { web } = await startReplicas(t, { web: 1, wrap }, env);
  for (const whose of ['the first participant', 'another one']) {
    const client = await RawClient.open(t, web[0]!.signalingUrl);
    await trips.count(() => client.join('team'));
    const told = trips.trips.map((calls) => calls.join(' + ')).join(', then ');
    assert.ok(trips.trips.length <= 4, `${whose}: ${told}`);
  }
});

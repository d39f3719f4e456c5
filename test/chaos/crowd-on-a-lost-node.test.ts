// A media replica is killed under a crowd: everybody is placed elsewhere, is told, and can publish there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGNALING_PATH } from '../../shared/protocol/protocol.ts';
import { TestCluster } from '../support/cluster/local-cluster.ts';
import { SocketCrowd } from '../support/cluster/socket-crowd.ts';
import { until } from '../support/process/until.ts';

const PARTICIPANTS = 120;
const PER_ROOM = 8;
/** bench/ says how long it takes; this is for a machine that does other things. */
const WITHIN_MS = 60_000;

test('a killed sfu-rtc replica with 120 sessions: every one has media elsewhere, and knows', async (t) => {
  const cluster = await TestCluster.start(t, { web: 1, sfu: 1, env: { LOG_LEVEL: 'info' } });
  const url = new URL(SIGNALING_PATH, cluster.url.replace('http', 'ws')).href;
  const [lost] = cluster.sfus;
  const crowd = await SocketCrowd.join(t, {
    url,
    participants: PARTICIPANTS,
    perRoom: PER_ROOM,
    publishing: true,
  });
  const before = [...crowd.epochs];
  const other = await cluster.addSfu();
  const told = crowd.offeredNewMedia(WITHIN_MS);
  lost!.child.signal('SIGKILL');
  await told;
  for (const [n, epoch] of crowd.epochs.entries())
    assert.ok(epoch > before[n]!, `participant ${n}`);
  await until('everybody to be heard by everybody of their room again', async () => {
    const { peer, producer, consumer } = await cluster.resources(other);
    assert.deepEqual(
      { peer, producer, consumer },
      { peer: PARTICIPANTS, producer: PARTICIPANTS, consumer: PARTICIPANTS * (PER_ROOM - 1) },
    );
  });
  assert.deepEqual(crowd.failures, []);
  const moves = cluster.outputLines.filter((line) => line.includes('media was moved'));
  assert.equal(moves.length, PARTICIPANTS, 'nobody is moved twice');
});

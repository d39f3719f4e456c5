// With a track that ends, the worker closes its consumers. It is asked nothing of them any more, and logs no error.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logMediasoup } from '../../../server/sfu/mediasoup-log.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { loadsAreKnown, startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { RawClient } from '../../support/server/client.ts';
import { publication } from '../../support/server/rtp.ts';

const TRACKS = 8;
const ROUNDS = 5;

const PLACES = [
  { where: 'on one worker', nodes: 1, env: {} },
  { where: 'between two workers', nodes: 1, env: { WORKERS: '2', PEERS_PER_WORKER: '1' } },
  { where: 'between two nodes', nodes: 2, env: { SPILL_SESSIONS_PER_WORKER: '1' } },
];
const ENDINGS = ['unpublish', 'leave'] as const;

for (const { where, nodes, env } of PLACES) {
  for (const ending of ENDINGS) {
    test(`pictures ${where} are looked at and not while they end with ${ending}`, async (t) => {
      const limits = { MAX_TRACKS_PER_PARTICIPANT: String(TRACKS), PICTURES: String(TRACKS) };
      const { web, cluster } = await startReplicas(t, { web: 1, nodes }, { ...limits, ...env });
      const lines: string[] = [];
      logMediasoup(createLogger('info', { write: (line) => void lines.push(line) }));
      const [{ signalingUrl }] = web as [(typeof web)[0]];
      const ben = await RawClient.open(t, signalingUrl);
      const { media } = await ben.join('team', { name: 'Ben' });
      if (nodes > 1) await loadsAreKnown(cluster, 1);
      for (let round = 0; round < ROUNDS; round += 1) {
        const ada = await RawClient.open(t, signalingUrl);
        const { media: hers } = await ada.join('team', { name: 'Ada' });
        const tracks = Array.from({ length: TRACKS }, () =>
          publication(hers.epoch, { source: 'camera' }),
        );
        for (const track of tracks) await ada.request('publish', track);
        const ids = new Set(tracks.map(({ trackId }) => trackId));
        const consumerIds = await until('all pictures', () => {
          const found = ben.events('consumers').flatMap(({ consumers }) => consumers);
          const known = found.filter(({ trackId }) => ids.has(trackId));
          assert.equal(known.length, TRACKS);
          return known.map(({ consumerId }) => consumerId);
        });
        await ben.request('ready', { epoch: media.epoch, consumerIds });
        const look = (paused: boolean) => {
          const preferences = Object.fromEntries([...ids].map((id) => [id, { paused }]));
          return ben.outcome('subscribe', { preferences });
        };
        const ended =
          ending === 'leave'
            ? [ada.outcome('leave', {})]
            : [...ids].map((trackId) => ada.outcome('unpublish', { trackId }));
        assert.deepEqual(new Set(await Promise.all([...ended, look(true)])), new Set(['ok']));
        await Promise.all([...ids].map((trackId) => ben.lostTrack(trackId)));
        await ada[Symbol.asyncDispose]();
      }
      assert.deepEqual(lines, []);
    });
  }
}

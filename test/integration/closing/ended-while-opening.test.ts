// What ends while it is being opened is left alone: the worker is asked nothing of what was closed, and logs no error.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { observer } from 'mediasoup';
import type { WebRtcTransport } from 'mediasoup/types';
import type { MediaCommand, MediaParams } from '../../../server/cluster/messages/media.ts';
import { IceTargets } from '../../../server/sfu/checks/ice-target.ts';
import { logMediasoup } from '../../../server/sfu/mediasoup-log.ts';
import { listenInfos } from '../../../server/sfu/workers/addresses.ts';
import { WorkerPool } from '../../../server/sfu/workers/worker-pool.ts';
import { createLogger } from '../../../server/telemetry/log.ts';
import { Resources } from '../../../server/telemetry/resources.ts';
import { ROUTER_RTP_CAPABILITIES } from '../../../shared/media/media.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { workerBinary } from '../../support/server/app.ts';
import { ownedBy } from '../../support/server/owned.ts';

const TIMES = 60;
/** An end comes this much later each time, from at once to after everything is open. */
const STEP_MS = 0.1;

type Command = { [K in MediaCommand]: [K, MediaParams<K>] }[MediaCommand];

const CASES: readonly { what: string; open(n: number): Command; end(n: number): Command }[] = [
  {
    what: 'a network check',
    open: (n) => ['checkOpen', { checkId: `check${n}` }],
    end: (n) => ['checkEnd', { checkId: `check${n}` }],
  },
  {
    what: 'a prepared session',
    open: (n) => ['prepare', { ...whose(n), prepared: `prepared${n}` }],
    end: (n) => ['prepareEnd', { prepared: `prepared${n}` }],
  },
  {
    what: 'a media session',
    open: (n) => [
      'open',
      {
        ...whose(n),
        rtpCapabilities: ROUTER_RTP_CAPABILITIES,
        ...{ fence: 1, after: 0, nodes: [], demand: false },
      },
    ],
    end: (n) => ['close', { ...whose(n), epoch: null }],
  },
];

for (const { what, open, end } of CASES) {
  test(`${what} that ends while it is being opened`, async (t) => {
    const held = heldTransports(t);
    const { cluster, media } = await startReplicas(t, { web: 0 });
    const before = media.counts();
    const lines: string[] = [];
    logMediasoup(createLogger('info', { write: (line) => void lines.push(line) }));
    const [node] = await cluster.nodes.list();
    assert.ok(node);
    const outcome = ([command, params]: Command) =>
      cluster.bus.request(node.id, command, params, { timeoutMs: 5_000 }).then(
        () => 'ok',
        ({ code }) => code,
      );
    const outcomes = new Set<string>();
    for (let n = 0; n < TIMES; n += 1) {
      const opening = outcome(open(n));
      const since = performance.now();
      while (performance.now() - since < n * STEP_MS) await turn();
      await outcome(end(n));
      outcomes.add(await opening);
    }
    for (const each of outcomes) assert.match(each, /^(ok|media_failed)$/);
    await until('all of it to be closed', () => assert.deepEqual(media.counts(), before));
    assert.equal(held.size, 0, 'mediasoup keeps what was closed');
    assert.deepEqual(lines, []);
  });
}

/** Transports that mediasoup keeps in this process for its workers' servers. */
function heldTransports(t: TestContext): ReadonlySet<WebRtcTransport> {
  const held = new Set<WebRtcTransport>();
  const onWorker: Parameters<typeof observer.on<'newworker'>>[1] = (worker) =>
    worker.observer.on('newwebrtcserver', (server) => {
      server.observer.on('webrtctransporthandled', (transport) => held.add(transport));
      server.observer.on('webrtctransportunhandled', (transport) => held.delete(transport));
    });
  observer.on('newworker', onWorker);
  t.after(() => observer.off('newworker', onWorker));
  return held;
}

test('an ICE target leaves nothing behind', async (t) => {
  const held = heldTransports(t);
  const resources = new Resources();
  const pool = await WorkerPool.start({
    ...{ count: 1, port: 0, workerBin: await workerBinary(), resources },
    listenInfos: (port) => listenInfos(['127.0.0.1'], [], ['udp'], port),
    log: createLogger('silent'),
  });
  ownedBy(t).defer(() => pool.close());
  const targets = new IceTargets({
    workers: () => pool.live,
    ...{ protocols: ['udp'], openMs: 5_000, keptMs: 60_000, resources },
  });
  assert.ok(await targets.target());
  assert.equal(held.size, 1);
  targets.close();
  await until('the router to be closed', () => assert.equal(resources.counts().router, 0));
  assert.equal(held.size, 0, 'mediasoup keeps what was closed');
});

function whose(n: number): { room: string; participantId: string } {
  return { room: 'team', participantId: `participant${n}` };
}

// The media port that probes are sent to: a worker that hangs is passed over.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { IceTargets } from '../../../../server/sfu/checks/ice-target.ts';
import type { LiveWorker } from '../../../../server/sfu/workers/worker-pool.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';

test('a worker that hangs keeps nobody waiting, and the next one is asked', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const asked: string[] = [];
  const worker = (name: string, answer: () => Promise<never>) => {
    const createRouter = () => {
      asked.push(name);
      return answer();
    };
    return { worker: { createRouter } } as unknown as LiveWorker;
  };
  const workers = [
    worker('hanging', () => new Promise(() => {})),
    worker('well', () => Promise.reject(new Error('asked'))),
  ];
  const resources = new Resources();
  const targets = new IceTargets({
    ...{ workers: () => workers, protocols: ['udp'], openMs: 1_000, keptMs: 2_000, resources },
  });
  const waiting = [targets.target(), targets.target()];
  mock.timers.tick(1_000);
  assert.deepEqual(await Promise.all(waiting), [undefined, undefined]);
  await assert.rejects(targets.target(), /asked/);
  assert.deepEqual(asked, ['hanging', 'well']);
  targets.close();
  assert.equal(resources.counts().timer, 0);
});

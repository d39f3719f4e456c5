// Two transports that outlive every socket: a close that a busy node did not answer is asked again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import {
  MediaClient,
  type MediaClientOptions,
} from '../../../server/signaling/media/media-client.ts';
import { Resources } from '../../../server/telemetry/resources.ts';
import { ParleyError } from '../../../shared/errors.ts';

function scene(failures: number, code: 'timeout' | 'media_failed') {
  const asked: unknown[] = [];
  const bus = {
    async request(_node: string, _command: string, params: unknown) {
      asked.push(params);
      if (asked.length <= failures) throw new ParleyError(code);
      return {};
    },
  };
  const client = new MediaClient({
    cluster: { bus } as unknown as Cluster,
    timeoutMs: 1_000,
    region: undefined,
    spillSessions: 1,
    resources: new Resources(),
    metrics: new Proxy({}, { get: () => ({ startTimer: () => () => {} }) }),
    log: { debug() {} },
  } as unknown as MediaClientOptions);
  return { client, asked };
}

const whose = { room: 'team', participantId: 'ada' };

test('a close without an answer is asked again, three times at most', async () => {
  const once = scene(1, 'timeout');
  await once.client.close('node', { ...whose, epoch: 3 });
  assert.equal(once.asked.length, 2);
  const never = scene(9, 'timeout');
  await never.client.close('node', { ...whose, epoch: 3 });
  assert.equal(never.asked.length, 3);
});

test('a close that was refused is not, nor one of whatever is open: it would end what came after', async () => {
  const refused = scene(9, 'media_failed');
  await refused.client.close('node', { ...whose, epoch: 3 });
  assert.equal(refused.asked.length, 1);
  const any = scene(9, 'timeout');
  await any.client.close('node', { ...whose, epoch: null });
  assert.equal(any.asked.length, 1);
});

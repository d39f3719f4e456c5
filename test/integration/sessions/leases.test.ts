// Sessions and the store: what a replica does when it hears that the store was away.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../../server/cluster/cluster.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { RawClient } from '../../support/server/client.ts';

/** The cluster, whose store seems to come back when we say so, and whose admissions wait for us. */
function scripted(cluster: Cluster) {
  const listeners = new Set<() => void>();
  const gate = Promise.withResolvers<void>();
  let admissions = 0;
  const rooms = new Proxy(cluster.rooms, {
    get(target, name: keyof Cluster['rooms']) {
      if (name !== 'admit') return target[name].bind(target);
      return async (...args: Parameters<Cluster['rooms']['admit']>) => {
        admissions += 1;
        await gate.promise;
        return target.admit(...args);
      };
    },
  });
  const proxy: Cluster = {
    ...cluster,
    rooms,
    onReconnected(listener) {
      listeners.add(listener);
      return { close: async () => void listeners.delete(listener) };
    },
  };
  return {
    cluster: proxy,
    reconnect: () => {
      for (const listener of listeners) listener();
    },
    admit: () => gate.resolve(),
    admissions: () => admissions,
  };
}

test('somebody who is on the way in is not taken for somebody whom the store lost', async (t) => {
  let script: ReturnType<typeof scripted> | undefined;
  const { web } = await startReplicas(t, {
    web: 1,
    wrap: (cluster) => {
      script = scripted(cluster);
      return script.cluster;
    },
  });
  assert.ok(script);
  const { admissions, reconnect, admit } = script;
  const client = await RawClient.open(t, web[0]!.signalingUrl);
  const joining = client.join('team');
  await until('the admission to be asked for', () => assert.equal(admissions(), 1));
  reconnect();
  await new Promise(setImmediate);
  admit();
  assert.equal((await joining).snapshot.participants.length, 1);
  reconnect();
  await client.request('chat', { id: 'message-of-a-test', text: 'I am in' });
});

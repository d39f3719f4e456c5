// The platform's network: browsers reach nothing but the TURN gateways, which alone reach the replicas,
// and each replica has a gateway of its own in its environment.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Scene, story } from '../../support/browser/scene.ts';
import { TestCluster } from '../../support/cluster/local-cluster.ts';
import { isInNamespace, runInNamespace } from '../../support/network/network-namespace.ts';
import {
  onMachine,
  PLATFORM,
  PLATFORM_NETWORK,
  placeOnPlatform,
} from '../../support/network/relay-networks.ts';
import { until } from '../../support/process/until.ts';
import { AUTH_TOKEN, idOf, Operator } from '../../support/server/operator.ts';

if (isInNamespace()) {
  story('two people with Chromium and one with Firefox talk, all relayed', allRelayed);
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network of the platform';
  test('the network of the platform', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url), PLATFORM_NETWORK),
  );
}

async function allRelayed(scene: Scene, context: TestContext): Promise<void> {
  const gateways = await Promise.all(
    PLATFORM.gateways.map((gate) =>
      scene.coturn('secret', {
        address: gate.public,
        relay: gate.private,
        command: onMachine(gate.name),
      }),
    ),
  );
  const cluster = await TestCluster.start(context, {
    web: 1,
    sfu: 0,
    env: { AUTH_TOKEN, SPILL_SESSIONS_PER_WORKER: '1', DRAIN_GRACE_SECONDS: '0' },
    place: placeOnPlatform(),
  });
  // One after the other: each has the variables of its own gateway.
  for (const gateway of gateways) await cluster.addSfu(gateway.env);
  const operator = new Operator(cluster.url);
  for (const gateway of gateways) await operator.shows(gateway, 'in-service');
  const url = async () => (await operator.invite('blue')).url;

  const ann = await scene.person('Ann');
  const bo = await scene.person('Bo');
  const fi = await scene.firefox('Fi');
  const nodes = async () => {
    const { answer } = await operator.ask('GET', '/api/nodes');
    return (answer as { nodes: { sessions: number; reaches: string[]; addresses: string[] }[] })
      .nodes;
  };
  // Where the replicas do not reach each other, or an empty one seems full, a room stays on one.
  const told = (sessions: number) =>
    until('the replicas to know each other and their loads', async () => {
      const known = await nodes();
      assert.deepEqual(
        known.map(({ reaches }) => reaches.length),
        [1, 1],
      );
      assert.equal(
        known.reduce((sum, node) => sum + node.sessions, 0),
        sessions,
      );
    });
  for (const [present, person] of [ann, bo, fi].entries()) {
    await told(present);
    await person.join(await url());
  }

  await scene.step('everybody sees and hears everybody', async () => {
    await Promise.all([
      fi.seesAndHears(2),
      ...['Bo', 'Fi'].map((name) => ann.sees(name)),
      ...['Ann', 'Fi'].map((name) => bo.sees(name)),
      ann.hears(2),
      bo.hears(2),
    ]);
  });

  await scene.step('all of it through the gateways, to both replicas', async () => {
    const replicas = new Set<string>();
    for (const person of [ann, bo]) {
      for (const { local, remote } of await person.candidatePairs()) {
        assert.equal(local.candidateType, 'relay');
        assert.ok(
          PLATFORM.gateways.some((gate) => gate.private === local.address),
          local.address,
        );
        replicas.add(remote.address ?? '');
      }
    }
    scene.note(`media on ${[...replicas].join(' and ')}`);
    await until('the operator to see that all are relayed', async () => {
      const { paths, servers } = await operator.overview();
      assert.deepEqual(paths, { direct: 0, relay: 3, none: 0, unknown: 0 });
      assert.deepEqual(servers.map(({ id }) => id).sort(), gateways.map(idOf).sort());
    });
    assert.deepEqual(
      (await nodes()).map(({ sessions }) => sessions > 0),
      [true, true],
      'both replicas carry somebody',
    );
  });
}

// A room on two media replicas, each a machine of its own: pipes carry it, and when the link between
// the two is cut it gathers on one of them.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Scene, story } from '../../support/browser/scene.ts';
import { NamespaceCluster } from '../../support/network/namespace-cluster.ts';
import {
  CLUSTER_NETWORK,
  cutMediaLink,
  mendMediaLink,
} from '../../support/network/namespace-network.ts';
import { isInNamespace, runInNamespace } from '../../support/network/network-namespace.ts';
import { DEADLINES } from '../../support/process/deadlines.ts';
import { until } from '../../support/process/until.ts';

/** From the cut to the move: what it takes to be sure that the link is gone, on a busy machine. */
const DECIDED_WITHIN_MS = 10_000;
/** Longer than it takes on a busy machine, where the browsers encode everything twice for a while. */
const A_FREEZE_MS = 10_000;

if (isInNamespace()) {
  story('a room on two replicas gathers on one when they lose each other', tornRoom);
  story('a room stays whole where replicas never reached each other', neverReached);
} else {
  const isRoot = process.getuid?.() === 0;
  const skip = isRoot ? false : 'only root can make the network of this cluster';
  test('a cluster on machines of their own', { skip }, () =>
    runInNamespace(fileURLToPath(import.meta.url), CLUSTER_NETWORK),
  );
}

async function tornRoom(scene: Scene, context: TestContext): Promise<void> {
  const cluster = await NamespaceCluster.start(context);
  await cluster.reachEachOther(true);
  const url = await cluster.room('blue');
  const ann = await scene.person('Ann');
  const bo = await scene.person('Bo');
  await ann.join(url);
  await cluster.holdsSessions(1);
  await bo.join(url);

  await scene.step('two people on two replicas see and hear each other', async () => {
    await Promise.all([ann.sees('Bo'), bo.sees('Ann'), ann.hears(1), bo.hears(1)]);
    const addresses = [await cluster.mediaAddress(ann), await cluster.mediaAddress(bo)];
    assert.notEqual(addresses[0], addresses[1]);
    const pipes = await cluster.pipes();
    scene.note(`media on ${addresses.join(' and ')}, pipes ${JSON.stringify(pipes)}`);
    for (const address of addresses) assert.ok((pipes[address] ?? 0) > 0, `no pipe on ${address}`);
  });

  await scene.step('a chat message, a mute and a screen reach the other', async () => {
    await bo.sendChat('before the cut');
    await ann.readsInChat('before the cut');
    await ann.toggle('Microphone', false);
    await bo.hearsNobody();
    await bo.toggle('Share screen', true);
    await ann.seesMoving(ann.screenOf('Bo'));
  });

  const gaps = [await ann.watchGaps(ann.tile('Bo')), await bo.watchGaps(bo.tile('Ann'))];
  await cutMediaLink();
  const cutAt = Date.now();

  await scene.step('the room gathers on one replica by itself', async () => {
    await until(
      'everybody to be on one replica',
      async () => {
        const counts = Object.values(await cluster.people()).sort();
        assert.deepEqual(counts, [0, 2]);
      },
      { withinMs: DEADLINES.mediaRebuilt },
    );
    assert.equal(await cluster.mediaAddress(ann), await cluster.mediaAddress(bo));
    assert.equal(await cluster.moves('node_unreachable'), 1);
    const moves = cluster.moved('node_unreachable');
    assert.equal(moves.length, 1, 'one of them was moved, and a log says why');
    const [decidedAt = 0] = moves;
    scene.note(`moved ${decidedAt - cutAt} ms after the cut, over after ${Date.now() - cutAt} ms`);
    assert.ok(decidedAt - cutAt < DECIDED_WITHIN_MS, 'it took too long to see the cut');
    await until('no pipe to be left', async () => {
      assert.deepEqual(Object.values(await cluster.pipes()), [0, 0]);
    });
  });

  await scene.step('everybody has everything again', async () => {
    await Promise.all([ann.sees('Bo'), bo.sees('Ann'), ann.seesMoving(ann.screenOf('Bo'))]);
    // His microphone, and the sound of his screen.
    await ann.hears(2);
    for (const gap of gaps) {
      const gapMs = Math.round(await gap.longestGapMs());
      scene.note(`longest gap ${gapMs} ms`);
      assert.ok(gapMs < A_FREEZE_MS, `a picture stood still for ${gapMs} ms`);
    }
    // Still muted: the move did not open her microphone.
    await bo.hearsNobody();
    await ann.toggle('Microphone', true);
    await bo.hears(1);
    for (const person of [ann, bo]) {
      assert.equal(await person.page.getByRole('article').count(), 3, `${person.name}'s tiles`);
      await person.readsInChat('before the cut');
    }
    await ann.sendChat('after the cut');
    await bo.readsInChat('after the cut');
    assert.equal(await bo.button('Share screen').getAttribute('aria-pressed'), 'true');
    assert.equal(await cluster.joins(), 2, 'somebody had to join again');
  });

  await mendMediaLink();

  await scene.step('once the link is back, newcomers are spread again', async () => {
    await cluster.reachEachOther(true);
    const moved = await cluster.moves('node_unreachable');
    await bo.leave();
    await cluster.holdsSessions(1);
    const cy = await scene.person('Cy');
    await cy.join(url);
    await Promise.all([ann.sees('Cy'), cy.sees('Ann'), ann.hears(1), cy.hears(1)]);
    assert.notEqual(await cluster.mediaAddress(ann), await cluster.mediaAddress(cy));
    assert.equal(await cluster.moves('node_unreachable'), moved, 'somebody was moved again');
  });
}

async function neverReached(scene: Scene, context: TestContext): Promise<void> {
  await cutMediaLink();
  const cluster = await NamespaceCluster.start(context);
  await cluster.reachEachOther(false);
  const url = await cluster.room('green');
  const ann = await scene.person('Ann');
  const bo = await scene.person('Bo');
  await ann.join(url);
  await cluster.holdsSessions(1);
  await bo.join(url);
  await Promise.all([ann.sees('Bo'), bo.sees('Ann'), ann.hears(1), bo.hears(1)]);
  assert.equal(await cluster.mediaAddress(ann), await cluster.mediaAddress(bo));
  assert.deepEqual(Object.values(await cluster.pipes()), [0, 0]);
  assert.equal(await cluster.moves('node_unreachable'), 0);
  await cluster.reachEachOther(false);
}

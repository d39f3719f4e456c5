// One room on several workers and media nodes: everybody sees and hears everybody, once each.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadsAreKnown, type MediaNode, startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { FrameWatch } from '../../support/sdk/frame-watch.ts';
import { Person } from '../../support/sdk/participant.ts';

/** Each next person goes to the node that is less loaded. */
const SPREAD = { SPILL_SESSIONS_PER_WORKER: '1' };

const held = ({ resources }: MediaNode) => {
  const { peer, producer, consumer, pipe, piped, router, transport } = resources.counts();
  return { peer, producer, consumer, pipe, piped, router, transport };
};
/** Make before break: what a starved machine may add to a gap that is not there. */
const NO_FREEZE_MS = 1_500;
const NOTHING = {
  peer: 0,
  producer: 0,
  consumer: 0,
  pipe: 0,
  piped: 0,
  router: 0,
  transport: 0,
};

test('people on two nodes see and hear each other, and nothing is left of the pipes', async (t) => {
  const { web, nodes, cluster } = await startReplicas(t, { web: 1, nodes: 2 }, SPREAD);
  const [{ url }, [one, two]] = [web[0]!, nodes as [MediaNode, MediaNode]];
  const ada = await Person.join(t, url, 'team', 'Ada');
  await loadsAreKnown(cluster, 1);
  const ben = await Person.join(t, url, 'team', 'Ben');
  assert.deepEqual([held(one).peer, held(two).peer], [1, 1]);
  await Promise.all([ada.sees(ben), ben.sees(ada), ada.hears(ben), ben.hears(ada)]);
  // One pipe in each direction, with one producer and one consumer for each of two tracks.
  for (const node of [one, two]) {
    assert.deepEqual([held(node).pipe, held(node).piped], [2, 4]);
  }
  assert.deepEqual([ada.problems, ben.problems], [[], []]);
  ben.call.leave();
  await until('the pipes to be gone', () => {
    const [a, b] = [held(one), held(two)];
    assert.deepEqual([a.pipe + b.pipe, a.piped + b.piped, a.peer + b.peer], [0, 0, 1]);
  });
  ada.call.leave();
  for (const node of [one, two]) {
    await until('the node to be empty', () => assert.deepEqual(held(node), NOTHING));
  }
});

test('mutes, unpublished tracks and layers go through pipes', async (t) => {
  const { web, cluster } = await startReplicas(t, { web: 1, nodes: 2 }, SPREAD);
  const { url } = web[0]!;
  const ada = await Person.join(t, url, 'team', 'Ada');
  await loadsAreKnown(cluster, 1);
  const ben = await Person.join(t, url, 'team', 'Ben');
  await ben.sees(ada);
  ada.call.setMuted('camera', true);
  await until('Ben to know', () => {
    assert.ok(ben.tracksOf(ada).find(({ source }) => source === 'camera')?.muted);
  });
  let before = -1;
  await until('the picture to stand still', async () => {
    const packets = await ben.packetsFrom(ada, 'camera');
    const moved = packets !== before;
    before = packets;
    assert.ok(!moved);
  });
  ada.call.setMuted('camera', false);
  await ben.sees(ada);
  await ada.share('screen');
  await until('the screen to arrive', () => assert.equal(ben.tracksOf(ada).length, 3));
  ada.call.unpublish('screen');
  ada.call.unpublish('camera');
  await until('what was unpublished to be gone', () => {
    assert.deepEqual(
      ben.tracksOf(ada).map(({ source }) => source),
      ['microphone'],
    );
  });
  await ben.hears(ada);
});

test('a room that outgrows a worker takes another one of the same node', async (t) => {
  const { web, nodes } = await startReplicas(
    t,
    { web: 1 },
    { WORKERS: '2', PEERS_PER_WORKER: '1' },
  );
  const { url } = web[0]!;
  const people = [
    await Person.join(t, url, 'team', 'Ada'),
    await Person.join(t, url, 'team', 'Ben'),
    await Person.join(t, url, 'team', 'Cleo'),
  ];
  assert.equal(held(nodes[0]!).router, 2);
  for (const one of people) {
    for (const other of people) {
      if (one !== other) await Promise.all([one.sees(other), one.hears(other)]);
    }
  }
  await until('everybody to be told who speaks', () => {
    for (const { call } of people) assert.ok(call.speakers.length >= 2);
  });
  for (const { call } of people) call.leave();
  await until('nothing to be left', () => assert.deepEqual(held(nodes[0]!), NOTHING));
});

test('a node that drains is left by everybody, who keep who they are and what they said', async (t) => {
  const { web, nodes, addNode } = await startReplicas(t, { web: 2 });
  const ada = await Person.join(t, web[0]!.url, 'team', 'Ada');
  const ben = await Person.join(t, web[1]!.url, 'team', 'Ben');
  await Promise.all([ada.sees(ben), ben.sees(ada)]);
  ben.call.setMuted('microphone', true);
  await ada.call.sendChat('before');
  const tracks = [...ben.call.remoteTracks.keys()].sort();
  const { participantId } = ada;
  const two = await addNode();
  const one = nodes[0]!;
  using adaWatch = await FrameWatch.start(ada, ben);
  using benWatch = await FrameWatch.start(ben, ada);
  one.node.drain();
  await one.node.drained;
  assert.deepEqual([held(one).peer, held(two).peer], [0, 2]);
  await Promise.all([ada.sees(ben), ben.sees(ada), ben.hears(ada)]);
  await ada.call.sendChat('after');
  await until('the chat', () => {
    assert.deepEqual(
      ben.call.room.chat.map(({ text }) => text),
      ['before', 'after'],
    );
  });
  assert.deepEqual([...ben.call.remoteTracks.keys()].sort(), tracks);
  assert.equal(ada.participantId, participantId);
  assert.ok(ada.tracksOf(ben).find(({ source }) => source === 'microphone')?.muted);
  assert.deepEqual([ada.problems, ben.problems], [[], []]);
  assert.deepEqual([ada.states, ben.states], [[], []]);
  await until('the old node to be empty', () => assert.deepEqual(held(one), NOTHING));
  for (const watch of [adaWatch, benWatch]) {
    const gap = watch.longestGapMs();
    t.diagnostic(`longest gap ${Math.round(gap)} ms`);
    assert.ok(gap < NO_FREEZE_MS, `a picture stood still for ${gap} ms`);
  }
});

// Nodes of one room exchange what they have: in few bytes, whatever is lost, and with nodes of an older release.
import assert from 'node:assert/strict';
import { mock, type TestContext, test } from 'node:test';
import pino from 'pino';
import { MemoryBus } from '../../../../server/cluster/memory/memory.ts';
import {
  MeshState,
  type MeshTrack,
  meshNewsTopic,
  meshTopic,
} from '../../../../server/cluster/messages/mesh.ts';
import { StateExchange } from '../../../../server/sfu/mesh/state-exchange.ts';
import { Resources } from '../../../../server/telemetry/resources.ts';
import { parse } from '../../../../shared/protocol/rpc.ts';

const ROOM = 'blue';
const EVERY_MS = 2_000;
const settled = async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
};

const trackOf = (name: string, paused = false): MeshTrack => ({
  ...{ trackId: `track-of-${name}`, participantId: `participant-${name}`, epoch: 1 },
  ...{ producerId: name, routerId: 'r', paused, kind: 'audio' },
});

/** A bus that counts what is published, and may lose it. */
class Network {
  readonly bus = new MemoryBus((error) => {
    throw error;
  });
  readonly published: { topic: string; text: string }[] = [];
  readonly asked: string[] = [];
  readonly nodes = new Map<string, Node>();
  loses = (_topic: string) => false;

  publish = async (topic: string, message: unknown): Promise<void> => {
    if (this.loses(topic)) return;
    this.published.push({ topic, text: JSON.stringify(message) });
    await this.bus.publish(topic, message);
  };

  get bytes(): number {
    return this.published.reduce((sum, { text }) => sum + text.length, 0);
  }

  on(topic: string): unknown[] {
    return this.published
      .filter((each) => each.topic === topic)
      .map(({ text }) => JSON.parse(text));
  }

  clear(): void {
    this.published.length = 0;
    this.asked.length = 0;
  }
}

class Node {
  readonly tracks = new Map<string, Map<string, boolean>>();
  readonly resources = new Resources();
  readonly exchange: StateExchange;

  constructor(network: Network, nodeId: string) {
    network.nodes.set(nodeId, this);
    this.exchange = new StateExchange(
      {
        room: ROOM,
        ask: async (of) => {
          network.asked.push(`${nodeId} asks ${of}`);
          const state = network.nodes.get(of)?.exchange.answer(nodeId, true);
          return state ? structuredClone(state) : null;
        },
        refreshLinks: () => {},
        onTick: () => {},
        onDifference: (of, { tracks, removed }) => {
          const known = this.tracks.get(of) ?? new Map();
          this.tracks.set(of, known);
          for (const id of removed) known.delete(id);
          for (const { producerId, paused } of tracks) known.set(producerId, paused);
        },
        onForgotten: (of) => this.tracks.delete(of),
      },
      {
        ...{ nodeId, resources: this.resources, log: pino({ level: 'silent' }) },
        bus: { publish: network.publish, subscribe: (...args) => network.bus.subscribe(...args) },
        isConnected: () => true,
      },
    );
  }

  set(name: string, paused = false): void {
    this.exchange.own.setTrack(trackOf(name, paused));
    this.exchange.publish();
  }

  of(nodeId: string): Record<string, boolean> {
    return Object.fromEntries(this.tracks.get(nodeId) ?? []);
  }
}

/** A node as it was before there were news: it reads and publishes whole states alone. */
class OlderNode {
  readonly states: MeshState[] = [];
  readonly #network: Network;
  #seq = Date.now();

  constructor(network: Network) {
    this.#network = network;
    void network.bus.subscribe(meshTopic(ROOM), (message) => {
      const { readsNews: _, ...known } = parse(MeshState, message);
      const { seq = 0 } = this.states.at(-1) ?? {};
      // An older release counts a state as a sign of life when its number is higher.
      if (known.nodeId === 'a' && known.seq > seq) this.states.push(known);
    });
  }

  async publish(tracks: MeshTrack[], gone = false): Promise<void> {
    const state = { nodeId: 'old', seq: ++this.#seq, tracks, links: [], gone };
    await this.#network.bus.publish(meshTopic(ROOM), state);
    await settled();
  }
}

async function twoNodes(t: TestContext) {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  t.after(() => mock.timers.reset());
  const network = new Network();
  const [a, b] = [new Node(network, 'a'), new Node(network, 'b')];
  for (let n = 0; n < 1_000; n++) a.exchange.own.setTrack(trackOf(`t${n}`));
  t.after(() => Promise.all([a, b].map((node) => node.exchange.close())));
  await settled();
  await b.exchange.exchange(['a']);
  await settled();
  assert.equal(Object.keys(b.of('a')).length, 1_000);
  network.clear();
  return { network, a, b };
}

test('a mute in a room of a thousand tracks goes out as a few hundred bytes', async (t) => {
  const { network, a, b } = await twoNodes(t);
  a.set('t7', true);
  await settled();
  assert.equal(b.of('a').t7, true);
  assert.equal(network.published.length, 1);
  assert.ok(network.bytes < 500, `${network.bytes} bytes`);
  assert.deepEqual(network.asked, []);
});

test('a quiet room of a thousand tracks costs a digest from each node', async (t) => {
  const { network } = await twoNodes(t);
  mock.timers.tick(EVERY_MS);
  await settled();
  assert.equal(network.published.length, 2);
  assert.ok(network.bytes < 300, `${network.bytes} bytes`);
  assert.deepEqual(network.asked, []);
});

test('changes of one turn go out together', async (t) => {
  const { network, a, b } = await twoNodes(t);
  for (let n = 0; n < 10; n++) a.set(`t${n}`, true);
  a.set('new');
  await settled();
  assert.equal(network.published.length, 1);
  assert.deepEqual([b.of('a').t9, b.of('a').new], [true, false]);
});

test('a node that missed a change asks with the next one, once', async (t) => {
  const { network, a, b } = await twoNodes(t);
  network.loses = () => true;
  a.set('t1', true);
  await settled();
  network.loses = () => false;
  for (const name of ['t2', 't3', 't4']) {
    a.set(name, true);
    await null;
    await null;
  }
  await settled();
  assert.deepEqual([b.of('a').t1, b.of('a').t4], [true, true]);
  assert.deepEqual(network.asked, ['b asks a']);
});

test('a node that missed the last change asks when the digest comes', async (t) => {
  const { network, a, b } = await twoNodes(t);
  network.loses = () => true;
  a.set('t1', true);
  await settled();
  assert.equal(b.of('a').t1, false);
  network.loses = () => false;
  mock.timers.tick(EVERY_MS);
  await settled();
  assert.equal(b.of('a').t1, true);
  assert.deepEqual(network.asked, ['b asks a']);
});

test('digests are signs of life, and silence is the end', async (t) => {
  const { network, a, b } = await twoNodes(t);
  const hours = mock.method(performance, 'now');
  t.after(() => hours.mock.restore());
  let now = performance.now();
  hours.mock.mockImplementation(() => now);
  const tick = async () => {
    now += EVERY_MS;
    mock.timers.tick(EVERY_MS);
    await settled();
  };
  for (let n = 0; n < 6; n++) await tick();
  assert.equal(Object.keys(b.of('a')).length, 1_000);
  network.loses = (topic) => topic === meshNewsTopic(ROOM);
  for (let n = 0; n < 5; n++) await tick();
  assert.deepEqual(b.of('a'), {});
  network.loses = () => false;
  a.set('t1', true);
  // As each node does every few seconds, with the nodes that the store names.
  await b.exchange.exchange(['a']);
  assert.equal(Object.keys(b.of('a')).length, 1_000, 'it is found again');
  assert.equal(b.of('a').t1, true);
});

test('a node that ends says so, and a node that answers with nothing has ended', async (t) => {
  const { network, a, b } = await twoNodes(t);
  await a.exchange.close();
  await settled();
  assert.deepEqual(b.of('a'), {});
  assert.equal(b.resources.counts().timer, 0, 'nobody else is in the room');
  const c = new Node(network, 'c');
  await settled();
  c.set('one');
  await c.exchange.exchange(['b']);
  await settled();
  assert.deepEqual(b.of('c'), { one: false });
  network.loses = () => true;
  await c.exchange.close();
  network.nodes.delete('c');
  network.loses = () => false;
  const last = { kind: 'digest', nodeId: 'c', seq: Date.now() + 60_000, tracks: 0, links: 0 };
  await network.publish(meshNewsTopic(ROOM), last);
  await settled();
  assert.deepEqual(b.of('c'), {});
});

test('a node of an older release gets whole states, until it leaves', async (t) => {
  const { network, a, b } = await twoNodes(t);
  const older = new OlderNode(network);
  await older.publish([trackOf('theirs')]);
  assert.deepEqual([a.of('old'), b.of('old')], [{ theirs: false }, { theirs: false }]);
  assert.equal(older.states.at(-1)?.tracks.length, 1_000, 'it is told at once');

  network.clear();
  a.set('t7', true);
  await settled();
  const seen = older.states.at(-1)?.tracks.find(({ producerId }) => producerId === 't7');
  assert.equal(seen?.paused, true);
  assert.equal(b.of('a').t7, true, 'the others follow all the same');
  assert.deepEqual(network.on(meshNewsTopic(ROOM)), []);

  const before = older.states.length;
  mock.timers.tick(EVERY_MS);
  await settled();
  assert.equal(older.states.length, before + 1, 'repetitions count as signs of life');

  await older.publish([], true);
  assert.deepEqual(a.of('old'), {});
  network.clear();
  a.set('t8', true);
  await settled();
  assert.equal(b.of('a').t8, true);
  assert.equal(network.published.length, 1);
  assert.ok(network.bytes < 500, 'changes alone again');
  assert.deepEqual(network.asked, []);
});

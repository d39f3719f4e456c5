// A picture that somebody enlarges is sharp before mediasoup's own worker would move the consumer to the layer.
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import type { Consumer, Producer } from 'mediasoup/types';
import { cleanup } from 'node-datachannel';
import { provisionWorker } from '../../../native/provision.ts';
import { startReplicas } from '../../support/cluster/replicas.ts';
import { until } from '../../support/process/until.ts';
import { workerOrigin } from '../../support/process/worker-origin.ts';
import { cameraSeenBy, loadIsKnown } from '../../support/sdk/light-camera.ts';
import { lightPublisher } from '../../support/sdk/light-publisher.ts';
import { followNewMedia } from '../../support/sdk/new-media.ts';
import { Person } from '../../support/sdk/participant.ts';
import { SentLayers } from '../../support/sdk/sent-layers.ts';
import { startServer } from '../../support/server/app.ts';

after(() => cleanup());

/** `StreamMinActiveMs` of mediasoup's worker, as it is without our fix: no consumer is moved to a layer earlier. */
const HELD_BACK_MS = 2_000;

const worker = await provisionWorker({ log: () => {} });
const skip = (await workerOrigin(worker.path)) === undefined && 'the worker was not built here';

/** The consumers of pictures, and when each of them was moved to which layer. */
class Layers {
  readonly #consumers = new Set<Consumer>();
  readonly #producers = new Map<Producer, { since: number }>();
  readonly #began = new Map<string, number[]>();
  readonly #moved: { consumer: Consumer; layer: number | undefined; at: number }[] = [];

  constructor(t: TestContext) {
    followNewMedia(t, {
      onProducer: (producer, { type }) => {
        if (producer.kind === 'video') this.#begin(producer, type);
      },
      onConsumer: (consumer, { type }) => {
        if (type === 'webrtc' && consumer.kind === 'video') this.#follow(consumer);
      },
    });
  }

  /** Those that are open, oldest first. */
  get consumers(): Consumer[] {
    return [...this.#consumers].filter(({ closed }) => !closed);
  }

  /** mediasoup has noticed that nothing of the top layer arrives, and the lowest one is old. */
  get isTopGone(): boolean {
    return [...this.#producers].every(([{ closed, score }, { since }]) => {
      const top = score.find(({ encodingIdx }) => encodingIdx === 2)?.score ?? 0;
      return closed || (top === 0 && performance.now() - since > HELD_BACK_MS);
    });
  }

  movesOf(id: string): (number | undefined)[] {
    return this.#moved.filter(({ consumer }) => consumer.id === id).map(({ layer }) => layer);
  }

  /** How long the top layer had arrived when a consumer was moved to it last, in milliseconds. */
  ageAtMove(since: number): number | undefined {
    const move = this.#moved.findLast(({ layer, at }) => layer === 2 && at >= since);
    const began = [...this.#began.values()].flat().filter((at) => at >= since);
    return move && move.at - Math.min(...began);
  }

  #follow(consumer: Consumer): void {
    this.#consumers.add(consumer);
    consumer.on('layerschange', (layers) =>
      this.#moved.push({ consumer, layer: layers?.spatialLayer, at: performance.now() }),
    );
  }

  #begin(producer: Producer, type: string): void {
    this.#producers.set(producer, { since: performance.now() });
    let flows = false;
    producer.on('score', (scores) => {
      const now = scores.some(({ encodingIdx, score }) => encodingIdx === 2 && score > 0);
      if (now && !flows && type !== 'pipe') {
        this.#began.set(producer.id, [...(this.#began.get(producer.id) ?? []), performance.now()]);
      }
      flows = now;
    });
  }
}

/** Everybody sees it small for so long that its sender has switched the upper layers off, and mediasoup noticed. */
async function allSmall(layers: Layers, trackId: string, watchers: readonly Person[]) {
  for (const { call } of watchers) call.subscribe(trackId, { spatialLayer: 0 });
  await until('the top layer to be gone', () => assert.ok(layers.isTopGone));
}

async function enlarged(layers: Layers, watcher: Person, trackId: string): Promise<number> {
  const since = performance.now();
  watcher.call.subscribe(trackId, { spatialLayer: 2 });
  return until('the top layer', () => {
    const age = layers.ageAtMove(since);
    assert.ok(age !== undefined);
    return age;
  });
}

test('who alone enlarges a picture gets its top layer at once, each time, and the others notice nothing', {
  skip,
}, async (t) => {
  const layers = new Layers(t);
  const sent = new SentLayers(t);
  const server = await startServer(t);
  const ada = await Person.join(t, server.url, 'team', 'Ada', { share: [] });
  const ben = await Person.join(t, server.url, 'team', 'Ben', { share: [] });
  await lightPublisher(t, server.url, 'team', 'Light');
  const trackId = await cameraSeenBy(ada);
  await sent.becomes(trackId, [true, true, true]);
  const before = layers.consumers.map(({ id }) => id);
  for (const time of ['first', 'second']) {
    await allSmall(layers, trackId, [ada, ben]);
    const age = await enlarged(layers, ben, trackId);
    t.diagnostic(`the ${time} time the top layer had arrived for ${Math.round(age)} ms`);
    assert.ok(age < HELD_BACK_MS, `held back for ${age} ms`);
  }
  assert.deepEqual(
    layers.consumers.map(({ id }) => id),
    before,
    'a consumer was replaced',
  );
  for (const id of before) {
    assert.equal(layers.movesOf(id).slice(1).includes(undefined), false, 'it was interrupted');
  }
  assert.deepEqual([...ada.problems, ...ben.problems], []);
});

test('a picture from another node is sharp at once too', { skip }, async (t) => {
  const layers = new Layers(t);
  const sent = new SentLayers(t);
  const env = { SPILL_SESSIONS_PER_WORKER: '1' };
  const { web, cluster } = await startReplicas(t, { web: 1, nodes: 2 }, env);
  const { url } = web[0]!;
  await lightPublisher(t, url, 'team', 'Light');
  await loadIsKnown(cluster);
  const ada = await Person.join(t, url, 'team', 'Ada', { share: [] });
  const trackId = await cameraSeenBy(ada);
  await sent.becomes(trackId, [true, true, true]);
  assert.equal((await sent.ofPipes(trackId)).length, 1, 'both are on one node');
  await allSmall(layers, trackId, [ada]);
  assert.ok((await enlarged(layers, ada, trackId)) < HELD_BACK_MS);
});

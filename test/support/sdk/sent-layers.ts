// Packets that arrive at each producer of this process, layer by layer, as the media workers count them.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer, Transport } from 'mediasoup/types';
import { until } from '../process/until.ts';
import type { Owner } from '../server/owned.ts';
import { followNewMedia } from './new-media.ts';

/** Packets come at least this often in a layer that is sent. */
const LOOK_MS = 400;

interface Known {
  readonly producer: Producer;
  readonly transport: Transport;
}

export class SentLayers {
  readonly #known = new Set<Known>();

  /** Sees what is made from now on, until the test is over. */
  constructor(context: Owner) {
    followNewMedia(context, {
      onProducer: (producer, transport) => {
        const known = { producer, transport };
        this.#known.add(known);
        producer.observer.once('close', () => this.#known.delete(known));
      },
    });
  }

  /** Whether each layer of a track arrives from its participant, lowest first. */
  ofSender(trackId: string): Promise<boolean[]> {
    return flowing(this.#of(trackId, 'webrtc'));
  }

  /** Whether each layer of a track arrives at the far end of each pipe. */
  async ofPipes(trackId: string): Promise<boolean[][]> {
    const pipes = this.#producers(trackId, 'pipe');
    return Promise.all(pipes.map(flowing));
  }

  /** Packets that have come from its participant in each layer of a track since its newest producer began, lowest first. */
  counts(trackId: string): Promise<number[]> {
    return packets(this.#of(trackId, 'webrtc'));
  }

  /** Waits until exactly these layers of a track arrive from its participant. */
  async becomes(trackId: string, layers: readonly boolean[]): Promise<void> {
    await until(`the layers ${layers.join()}`, async () =>
      assert.deepEqual(await this.ofSender(trackId), layers),
    );
  }

  #of(trackId: string, type: Transport['type']): Producer {
    const producer = this.#producers(trackId, type).at(-1);
    assert.ok(producer, `nobody sends ${trackId}`);
    return producer;
  }

  #producers(trackId: string, type: Transport['type']): Producer[] {
    return [...this.#known].flatMap(({ producer, transport }) =>
      transport.type === type && producer.id.startsWith(`${trackId}.`) ? [producer] : [],
    );
  }
}

async function flowing(producer: Producer): Promise<boolean[]> {
  const before = await packets(producer);
  await sleep(LOOK_MS);
  const after = await packets(producer);
  return after.map((count, layer) => count > (before[layer] ?? 0));
}

/** Packets so far, by layer. */
async function packets(producer: Producer): Promise<number[]> {
  const stats = await producer.getStats();
  return (producer.rtpParameters.encodings ?? []).map(({ ssrc, rid }) => {
    const entry = stats.find((each) => (rid === undefined ? each.ssrc === ssrc : each.rid === rid));
    return entry?.packetCount ?? 0;
  });
}

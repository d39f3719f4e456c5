// A layer that its sender leaves out, as a browser does when its uplink gets worse: whoever received it is given a lower
// one before they notice.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createWorker } from 'mediasoup';
import type {
  Consumer,
  DirectTransport,
  Producer,
  RouterRtpCodecCapability,
} from 'mediasoup/types';
import { writeRtp } from '../../../client/load/rtp/packet.ts';
import { recordedPicture } from '../../../client/load/rtp/recorded-picture.ts';
import { readKeyFrameRequests, writeSenderReport } from '../../../client/load/rtp/rtcp.ts';
import { temporalLayerOf, vp8Payloads } from '../../../client/load/rtp/vp8.ts';
import { provisionWorker } from '../../../native/provision.ts';
import { until } from '../../support/process/until.ts';
import { ownedBy } from '../../support/server/owned.ts';

const CODEC: RouterRtpCodecCapability = { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 };
const PAYLOAD_TYPE = 96;
const FRAME_MS = 33;
const TIMESTAMPS_PER_FRAME = 3_000;
const FRAMES_PER_REPORT = 12;
/** The layers, from the lowest. */
const SSRCS = [1_111, 2_222];
const PICTURES = [recordedPicture(320, 180), recordedPicture(640, 360)];
/** Of the lower layer, until its picture is shown: most of a second. mediasoup itself takes more than 45. */
const SOON_FRAMES = 25;

test('a layer that ends is left for a lower one within a second, and taken again when it is back', async (t) => {
  const { camera, consumer } = await aPicture(t);
  await layer(consumer, 1);

  camera.sends = (each) => each === 0;
  const before = camera.frames;
  await layer(consumer, 0);
  const frames = camera.frames - before;
  t.diagnostic(`the lower layer after ${frames} frames`);
  assert.ok(frames < SOON_FRAMES, `after ${frames} frames`);

  camera.sends = () => true;
  await layer(consumer, 1);
});

test('a layer with fewer frames than a lower one has not ended', async (t) => {
  const { camera, consumer } = await aPicture(t);
  await layer(consumer, 1);
  const changes: unknown[] = [];
  consumer.on('layerschange', (layers) => changes.push(layers));
  camera.sends = (each, frame) => each === 0 || frame % 4 === 0;
  const enough = camera.frames + 4 * SOON_FRAMES;
  await until('many frames', () => assert.ok(camera.frames > enough));
  assert.deepEqual(changes, []);
});

async function layer(consumer: Consumer, spatialLayer: number): Promise<void> {
  await until(
    `layer ${spatialLayer} to be received`,
    () => assert.equal(consumer.currentLayers?.spatialLayer, spatialLayer),
    { everyMs: 5 },
  );
}

async function aPicture(t: TestContext) {
  const owned = ownedBy(t);
  const worker = await createWorker({ workerBin: (await provisionWorker()).path });
  owned.defer(() => worker.close());
  const router = await worker.createRouter({ mediaCodecs: [CODEC] });
  const camera = owned.use(await Camera.open(await router.createDirectTransport()));
  // mediasoup moves a consumer from one stream to another only when it has had reports of both.
  await until('reports of both layers', () => assert.ok(camera.frames > 2 * FRAMES_PER_REPORT));
  const receiving = await router.createDirectTransport();
  const consumer = await receiving.consume({
    producerId: camera.producer.id,
    rtpCapabilities: router.rtpCapabilities,
  });
  return { camera, consumer };
}

/** Sends two layers, and a key frame when one is asked for. */
class Camera implements Disposable {
  readonly producer: Producer;
  /** Whether a layer has this frame. */
  sends: (layer: number, frame: number) => boolean = () => true;
  frames = 0;
  readonly #transport: DirectTransport;
  readonly #keysWanted = new Set(SSRCS);
  readonly #sequences = SSRCS.map(() => 1);
  readonly #timer = setInterval(() => this.#frame(), FRAME_MS);

  private constructor(transport: DirectTransport, producer: Producer) {
    this.producer = producer;
    this.#transport = transport;
    transport.on('rtcp', (packet) => {
      for (const ssrc of readKeyFrameRequests(packet)) this.#keysWanted.add(ssrc);
    });
  }

  static async open(transport: DirectTransport): Promise<Camera> {
    const producer = await transport.produce({
      kind: 'video',
      rtpParameters: {
        codecs: [
          {
            ...{ mimeType: CODEC.mimeType, payloadType: PAYLOAD_TYPE, clockRate: 90_000 },
            rtcpFeedback: [{ type: 'nack', parameter: 'pli' }],
          },
        ],
        encodings: SSRCS.map((ssrc) => ({ ssrc, scalabilityMode: 'L1T3' })),
        rtcp: { cname: 'camera' },
      },
    });
    return new Camera(transport, producer);
  }

  #frame(): void {
    this.frames += 1;
    for (const layer of SSRCS.keys()) if (this.sends(layer, this.frames)) this.#send(layer);
  }

  #send(layer: number): void {
    const ssrc = SSRCS[layer]!;
    const isKey = this.#keysWanted.delete(ssrc);
    const timestamp = this.frames * TIMESTAMPS_PER_FRAME;
    const { key, still } = PICTURES[layer]!;
    // Frames that need nothing but those of the lowest temporal layer.
    const payloads = vp8Payloads({
      ...{ coded: isKey ? key : still, pictureId: this.frames, baseIndex: this.frames, bytes: 0 },
      ...temporalLayerOf(isKey ? 0 : 4),
    });
    for (const [index, { payload }] of payloads.entries()) {
      const sequence = this.#sequences[layer]!++;
      const marker = index === payloads.length - 1;
      const packet = { payloadType: PAYLOAD_TYPE, marker, sequence, timestamp, ssrc, payload };
      this.producer.send(writeRtp(packet));
    }
    const sent = { sentAtMs: Date.now(), packets: this.frames, bytes: 0, cname: 'camera' };
    if (this.frames % FRAMES_PER_REPORT === 0) {
      this.#transport.sendRtcp(writeSenderReport({ ssrc, timestamp, ...sent }));
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

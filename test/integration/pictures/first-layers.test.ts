// A picture whose first key frame was lost, and one that has just begun: mediasoup chooses layers that have brought
// packets, and here no report of the sender makes it choose again.
import '../../support/sdk/media.ts';
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Consumer, DirectTransport, Producer } from 'mediasoup/types';
import { Device } from 'mediasoup-client';
import pino from 'pino';
import { writeRtp } from '../../../client/load/rtp/packet.ts';
import { recordedPicture } from '../../../client/load/rtp/recorded-picture.ts';
import { temporalLayerOf, vp8Payloads } from '../../../client/load/rtp/vp8.ts';
import { provisionWorker } from '../../../native/provision.ts';
import { Subscriptions } from '../../../server/sfu/endpoints/subscriptions.ts';
import { RoomRouter } from '../../../server/sfu/rooms/room-router.ts';
import { type RoomTrack, RoomTracks } from '../../../server/sfu/rooms/room-tracks.ts';
import { WorkerPool } from '../../../server/sfu/workers/worker-pool.ts';
import { Resources } from '../../../server/telemetry/resources.ts';
import { until } from '../../support/process/until.ts';
import { ownedBy } from '../../support/server/owned.ts';

const SSRC = 1_111;
const FRAME_MS = 33;
/** mediasoup itself chooses again after 30 and more. */
const SOON_FRAMES = 25;
const PICTURE = recordedPicture(320, 180);
const LIMITS = {
  ...{ everyVoiceUpTo: 9, voices: 3, readyVoices: 2 },
  ...{ pictures: 9, sharpPictures: 9, maxPictures: 9 },
};
const log = pino({ level: 'silent' });

test('a picture whose first key frame was lost does not wait for a report of its sender', async (t) => {
  const { camera, receive } = await aRoom(t);
  // What follows a key frame that came before its track was known here.
  camera.frame(1);
  await camera.begun();
  const { consumer, ready } = await receive();
  await ready();
  assert.equal(consumer.currentLayers, undefined, 'mediasoup has chosen nothing');
  camera.start();
  await everyFrame(consumer);
  assert.ok(camera.frames < SOON_FRAMES, `after ${camera.frames} frames`);
  t.diagnostic(`frames ${camera.frames}`);
});

test('a picture that begins with a key frame has all its frames soon', async (t) => {
  const { camera, receive } = await aRoom(t);
  camera.frame(0);
  await camera.begun();
  const { consumer, ready } = await receive();
  await ready();
  camera.start();
  await everyFrame(consumer);
  assert.ok(camera.frames < SOON_FRAMES, `after ${camera.frames} frames`);
  t.diagnostic(`frames ${camera.frames}`);
});

function everyFrame(consumer: Consumer): Promise<void> {
  return until(
    'all temporal layers to be received',
    () => {
      assert.deepEqual(consumer.currentLayers, { spatialLayer: 0, temporalLayer: 2 });
    },
    { everyMs: 5 },
  );
}

async function aRoom(t: TestContext) {
  const resources = new Resources();
  const pool = await WorkerPool.start({
    count: 1,
    workerBin: (await provisionWorker()).path,
    port: 0,
    listenInfos: (port) => [{ protocol: 'udp', ip: '127.0.0.1', port }],
    ...{ resources, log },
  });
  const owned = ownedBy(t);
  owned.defer(() => pool.close());
  const router = await RoomRouter.create(
    {
      room: 'room',
      worker: await pool.pick(),
      isMoved: () => false,
      pipe: () => Promise.reject(new Error('there is one router')),
      onLost() {},
      onSpeakers() {},
    },
    { resources, log },
  );
  owned.defer(() => router.close());
  const camera = owned.use(await Camera.open(router));
  const track: RoomTrack = {
    ...{ trackId: 'camera', participantId: 'ada', epoch: 1, producerId: camera.producer.id },
    ...{ kind: 'video', source: 'camera', home: { router }, closed: false },
  };
  router.add(camera.producer, track);
  const tracks = new RoomTracks(LIMITS);
  tracks.add(track, { muted: false });

  /** A browser's transport, and the consumer on it, which waits until the browser is ready. */
  async function receive() {
    const device = await Device.factory({ handlerName: 'Chrome111' });
    await device.load({ routerRtpCapabilities: router.router.rtpCapabilities as never });
    const server = await router.router.createWebRtcTransport({
      webRtcServer: router.worker.server,
      initialAvailableOutgoingBitrate: 1_000_000,
    });
    const { id, iceParameters, iceCandidates, dtlsParameters } = server;
    const transport = device.createRecvTransport({
      ...{ id, iceParameters, iceCandidates, dtlsParameters },
    });
    owned.defer(() => transport.close());
    transport.on('connect', ({ dtlsParameters: theirs }, done, failed) => {
      server.connect({ dtlsParameters: theirs }).then(done, failed);
    });
    const made = new Promise<Consumer>((resolve) => server.observer.once('newconsumer', resolve));
    const subscriptions = new Subscriptions({
      room: { name: 'room', tracks, publish() {} },
      router,
      transport: server,
      participantId: 'ben',
      epoch: 1,
      rtpCapabilities: device.recvRtpCapabilities as never,
      limits: LIMITS,
      firstWait: true,
      picture: undefined,
      onArrived() {},
      onNamed() {},
      ...{ resources, log },
    });
    owned.defer(() => subscriptions.close());
    const [described] = await subscriptions.reconcile();
    assert.ok(described);
    const consumer = await made;
    await transport.consume({
      id: described.consumerId,
      producerId: described.trackId,
      kind: 'video',
      rtpParameters: described.rtpParameters as never,
    });
    await until('the path to be there', () => assert.equal(server.dtlsState, 'connected'));
    return { consumer, ready: () => subscriptions.ready([described.consumerId]) };
  }
  return { camera, receive };
}

/** Sends what an encoder does with three temporal layers, and a key frame when one is asked for. */
class Camera implements Disposable {
  readonly producer: Producer;
  #isKeyWanted = false;
  #frames = 0;
  #sinceKey = 0;
  #timer: NodeJS.Timeout | undefined;

  private constructor(transport: DirectTransport, producer: Producer) {
    this.producer = producer;
    transport.on('rtcp', () => {
      this.#isKeyWanted = true;
    });
  }

  static async open({ router }: RoomRouter): Promise<Camera> {
    const transport = await router.createDirectTransport();
    const producer = await transport.produce({
      id: 'camera.1',
      kind: 'video',
      rtpParameters: {
        codecs: [
          {
            ...{ mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000 },
            rtcpFeedback: [{ type: 'nack', parameter: 'pli' }],
          },
        ],
        encodings: [
          { ssrc: SSRC, scalabilityMode: 'L1T3' },
          { ssrc: SSRC + 1, scalabilityMode: 'L1T3' },
        ],
      },
    });
    return new Camera(transport, producer);
  }

  /** Resolves when mediasoup has received a packet. */
  begun(): Promise<void> {
    return until('the stream to begin', () => assert.ok(this.producer.score[0]?.score));
  }

  /** As many frames a second as a camera has. */
  start(): void {
    this.#timer = setInterval(() => {
      const { temporalLayer } = temporalLayerOf(this.#sinceKey);
      // Nothing is asked for, or the frame in hand is one of the lowest layer all the same.
      if (this.#isKeyWanted) this.frame(0);
      else this.frame(temporalLayer === 0 ? 4 : this.#sinceKey);
    }, FRAME_MS);
  }

  get frames(): number {
    return this.#frames;
  }

  /** @param sinceKey 0: a key frame; else its place after one */
  frame(sinceKey: number): void {
    const isKey = sinceKey === 0;
    if (isKey) this.#isKeyWanted = false;
    this.#sinceKey = sinceKey + 1;
    this.#frames += 1;
    const payloads = vp8Payloads({
      coded: isKey ? PICTURE.key : PICTURE.still,
      pictureId: this.#frames,
      baseIndex: Math.floor(this.#frames / 4),
      ...temporalLayerOf(sinceKey),
      bytes: 0,
    });
    for (const [index, { payload }] of payloads.entries()) {
      this.producer.send(
        writeRtp({
          payloadType: 96,
          marker: index === payloads.length - 1,
          sequence: this.#frames,
          timestamp: this.#frames * 3_000,
          ssrc: SSRC,
          payload,
        }),
      );
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

// A picture whose codec changes while it is sent: make before break, and back if the server does not take it.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { Device, types } from 'mediasoup-client';
import type { SentAs } from '../../../../client/sdk/media/encodings/choose-codec.ts';
import type { LocalEntry } from '../../../../client/sdk/media/local-tracks.ts';
import type { MediaRequest } from '../../../../client/sdk/media/media-request.ts';
import { Sender } from '../../../../client/sdk/media/sender.ts';
import { ParleyError } from '../../../../shared/errors.ts';
import { VIDEO_CODECS, type VideoCodec } from '../../../../shared/media/media.ts';

const parameters = {
  codecs: [{ mimeType: 'video/VP8', payloadType: 96, clockRate: 90_000 }],
  ...{ headerExtensions: [], encodings: [{ ssrc: 1 }], rtcp: {} },
};

/** A producer whose browser encodes so many frames a second. */
class FakeProducer {
  readonly kind = 'video';
  readonly rtpParameters = parameters;
  readonly appData: types.AppData;
  readonly codec: string | undefined;
  readonly id: string;
  track: MediaStreamTrack;
  closed = false;
  paused = false;
  framesPerSecond = 30;
  readonly #began = performance.now();

  constructor(id: string, options: types.ProducerOptions) {
    this.id = id;
    this.appData = options.appData ?? {};
    this.codec = options.codec?.mimeType;
    this.track = options.track as MediaStreamTrack;
  }

  async getStats() {
    const framesEncoded = ((performance.now() - this.#began) / 1_000) * this.framesPerSecond;
    // Chromium counts each of VP9's layers as a frame.
    const isVp9 = this.codec === 'video/VP9';
    const sent = {
      ...{ type: 'outbound-rtp', kind: 'video' },
      framesEncoded: isVp9 ? 3 * framesEncoded : framesEncoded,
      ...(isVp9 && { scalabilityMode: 'L3T3_KEY' }),
    };
    const source = { type: 'media-source', kind: 'video', frames: framesEncoded };
    return new Map<string, object>([
      ['o', sent],
      ['s', source],
    ]);
  }

  async replaceTrack({ track }: { track: MediaStreamTrack }) {
    this.track = track;
  }

  pause() {
    this.paused = true;
  }

  resume() {
    this.paused = false;
  }

  close() {
    this.closed = true;
  }
}

type Publish = Parameters<MediaRequest>;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let now = 0;
  mock.method(performance, 'now', () => now);
  advance = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      now += 100;
      mock.timers.tick(100);
      // The looks at the stats are asynchronous.
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    }
  };
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});
let advance: (ms: number) => Promise<void>;

const codecs = VIDEO_CODECS.map((codec) => ({ kind: 'video', mimeType: `video/${codec}` }));
async function sending() {
  const producers: FakeProducer[] = [];
  const asked: Publish[] = [];
  const refused: string[] = [];
  const choice: { current: SentAs; settling: Promise<void> | undefined } = {
    current: { codec: 'VP9', layered: true },
    settling: undefined,
  };
  let onProduce: ((data: object, done: (result: { id: string }) => void) => void) | undefined;
  const track = {
    ...{ kind: 'video', readyState: 'live', id: 'camera' },
    getSettings: () => ({ width: 1_280, height: 720 }),
  } as unknown as MediaStreamTrack;
  const entry: LocalEntry = {
    ...{ id: 'track-of-this-test', source: 'camera', track },
    ...{ muted: false, mayBeMuted: false, closed: false },
  };
  const transport = {
    on: (_: string, listener: typeof onProduce) => {
      onProduce = listener;
    },
    async produce(options: types.ProducerOptions) {
      const { promise, resolve } = Promise.withResolvers<{ id: string }>();
      onProduce?.({ appData: options.appData, rtpParameters: parameters }, resolve);
      const producer = new FakeProducer((await promise).id, options);
      producers.push(producer);
      return producer;
    },
    close() {},
  };
  const sender = new Sender({
    epoch: 1,
    transport: transport as unknown as types.Transport,
    device: { sendRtpCapabilities: { codecs } } as unknown as Device,
    codecs: {
      current: () => choice.current,
      get settling() {
        return choice.settling;
      },
    },
    requestMedia: ((...request: Publish) => asked.push(request)) as unknown as MediaRequest,
    wanted: () => (entry.closed ? [] : [entry]),
    mayBegin: () => true,
    voices: { areWanted: false, has: () => false, prepare: async () => {}, add: () => () => {} },
    onRefused: ({ id }) => refused.push(id),
    onAnswer() {},
  });
  const change = async (codec: VideoCodec) => {
    choice.current = { codec, layered: false };
    sender.reconcile();
    await advance(100);
  };
  const params = () => asked.at(-1)?.[2]() as { take?: number } | undefined;
  const answer = (result: { take?: number }) => asked.at(-1)?.[4]?.(result as never);
  const refuse = (error: ParleyError) => asked.at(-1)?.[3]?.(error);
  sender.reconcile();
  await advance(100);
  answer({});
  return { sender, entry, producers, asked, refused, choice, change, params, answer, refuse };
}

test('both are sent until the new one keeps up, and the old one ends two seconds later', async () => {
  const { sender, producers, change, params, answer } = await sending();
  await change('VP8');
  const [before, after] = producers as [FakeProducer, FakeProducer];
  assert.deepEqual([before.codec, after.codec], ['video/VP9', 'video/VP8']);
  assert.notEqual(before.id, after.id);
  assert.equal(params()?.take, 1);
  await advance(2_000);
  assert.equal(before.closed, false, 'the server has not answered');
  answer({ take: 1 });
  await advance(1_500);
  assert.equal(before.closed, false, 'receivers do not show the new one yet');
  await advance(2_000);
  assert.deepEqual([before.closed, after.closed], [true, false]);
  assert.equal(producers.length, 2);
  sender.close();
});

test('an encoder that does not keep up ends the old one after six seconds all the same', async () => {
  const { sender, producers, change, answer } = await sending();
  await change('VP8');
  const [before, after] = producers as [FakeProducer, FakeProducer];
  after.framesPerSecond = 3;
  answer({ take: 1 });
  await advance(5_000);
  assert.equal(before.closed, false);
  await advance(1_500);
  assert.equal(before.closed, true);
  sender.close();
});

test('a server that knows no takes keeps the codec: the old one goes on, and is not replaced again', async () => {
  const { sender, producers, change, answer } = await sending();
  await change('VP8');
  answer({});
  await advance(10_000);
  await change('H264');
  assert.deepEqual(
    producers.map(({ closed }) => closed),
    [false, true],
  );
  sender.close();
});

test('a take that is refused is no loss of the track', async () => {
  const { sender, producers, change, refuse, refused } = await sending();
  await change('VP8');
  refuse(new ParleyError('unsupported_media'));
  await advance(1_000);
  assert.deepEqual(refused, []);
  assert.deepEqual(
    producers.map(({ closed }) => closed),
    [false, true],
  );
  sender.close();
});

test('a take whose request was lost is asked for again, though the server has the track', async () => {
  const { sender, entry, asked, change, params, answer } = await sending();
  await change('VP8');
  const count = asked.length;
  sender.publications.again([entry], new Set([entry.id]));
  assert.equal(asked.length, count + 1);
  assert.equal(params()?.take, 1);
  answer({ take: 1 });
  sender.publications.again([entry], new Set([entry.id]));
  assert.equal(asked.length, count + 1, 'it is known');
  sender.close();
});

test('a mute, another camera and the end of the track concern both', async () => {
  const { sender, entry, producers, change, answer } = await sending();
  await change('VP8');
  answer({ take: 1 });
  entry.muted = true;
  sender.reconcile();
  await advance(100);
  assert.deepEqual(
    producers.map(({ paused }) => paused),
    [true, true],
  );
  const other = { ...entry.track, id: 'another' } as MediaStreamTrack;
  entry.track = other;
  sender.reconcile();
  await advance(100);
  assert.deepEqual(
    producers.map(({ track }) => track),
    [other, other],
  );
  entry.closed = true;
  sender.reconcile();
  assert.ok(producers.every(({ closed }) => closed));
  sender.close();
});

test('a codec that was chosen before the join does not change while the device is looked at again', async () => {
  const { sender, producers, choice } = await sending();
  const { current } = choice;
  const { promise, resolve } = Promise.withResolvers<void>();
  Object.assign(choice, { settling: promise, current: { codec: 'VP8', layered: false } });
  sender.reconcile();
  await advance(500);
  Object.assign(choice, { settling: undefined, current });
  resolve();
  await advance(500);
  sender.reconcile();
  await advance(500);
  assert.deepEqual(
    producers.map(({ codec, closed }) => [codec, closed]),
    [['video/VP9', false]],
  );
  sender.close();
});

// The worker's DTLS with a real WebRTC stack at the other end: handshake, media and data.
//
// A worker built against the distribution's OpenSSL without the fix in native/build/source-fix.ts dies in
// the first handshake.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { after, before, describe, test } from 'node:test';
import * as mediasoup from 'mediasoup';
import { type types as client, Device } from 'mediasoup-client';
import { provisionWorker } from '../../../native/provision.ts';
import {
  ATTRIBUTE,
  encodeStun,
  METHOD,
  shortTermKey,
} from '../../../server/turn/client/stun-message.ts';
import { UdpPath } from '../../support/network/udp-path.ts';
import { until } from '../../support/process/until.ts';
import { microphoneTrack } from '../../support/sdk/media.ts';

const OPUS = {
  kind: 'audio',
  mimeType: 'audio/opus',
  clockRate: 48_000,
  channels: 2,
} as const;

/** RFC 8445 §16.1. */
const USE_CANDIDATE = 0x0025;

let worker: mediasoup.types.Worker;
let router: mediasoup.types.Router;
let died: Error | undefined;

before(async () => {
  const { path } = await provisionWorker({ log: () => {} });
  worker = await mediasoup.createWorker({ workerBin: path });
  worker.on('died', (error) => {
    died = error;
  });
  router = await worker.createRouter({ mediaCodecs: [OPUS] });
});

after(async () => {
  const ended = new Promise<void>((resolve) => worker.once('subprocessclose', resolve));
  worker.close();
  await ended;
});

/** A transport on both sides, not yet connected: the client's side does that when it produces. */
async function openTransports(
  workerRole: client.DtlsRole,
  onConnect: (parameters: client.DtlsParameters) => client.DtlsParameters = (given) => given,
) {
  const onWorker = await router.createWebRtcTransport({
    listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
    enableSctp: true,
  });
  const device = await Device.factory({ handlerName: 'Chrome111' });
  await device.load({ routerRtpCapabilities: router.rtpCapabilities as client.RtpCapabilities });
  const { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = onWorker;
  const path = await UdpPath.to(iceCandidates[0]!.port);
  const onClient = device.createSendTransport({
    id,
    iceParameters,
    iceCandidates: iceCandidates.map((candidate) => ({ ...candidate, port: path.port })),
    // Of the two the client takes the role that the worker does not have.
    dtlsParameters: { ...dtlsParameters, role: workerRole },
    sctpParameters: sctpParameters!,
  });
  const producer = Promise.withResolvers<mediasoup.types.Producer>();
  const dataProducer = Promise.withResolvers<mediasoup.types.DataProducer>();
  onClient.on('connect', ({ dtlsParameters: given }, done, failed) => {
    onWorker.connect({ dtlsParameters: onConnect(given) }).then(done, failed);
  });
  onClient.on('produce', ({ kind, rtpParameters }, done, failed) => {
    onWorker.produce({ kind, rtpParameters }).then((made) => {
      producer.resolve(made);
      done({ id: made.id });
    }, failed);
  });
  onClient.on('producedata', ({ sctpStreamParameters }, done, failed) => {
    const parameters = sctpStreamParameters as mediasoup.types.SctpStreamParameters;
    onWorker.produceData({ sctpStreamParameters: parameters }).then((made) => {
      dataProducer.resolve(made);
      done({ id: made.id });
    }, failed);
  });
  return {
    onWorker,
    onClient,
    path,
    producer: producer.promise,
    dataProducer: dataProducer.promise,
    [Symbol.dispose]() {
      onClient.close();
      onWorker.close();
      path[Symbol.dispose]();
    },
  };
}

for (const role of ['server', 'client'] as const) {
  describe(`the worker is the DTLS ${role}`, () => {
    test('media flows', async () => {
      using transports = await openTransports(role);
      using microphone = microphoneTrack();
      await transports.onClient.produce({ track: microphone.track });
      const producer = await transports.producer;
      await until('audio to arrive', async () => {
        assert.equal(died, undefined);
        assert.equal(transports.onWorker.dtlsState, 'connected');
        const [stats] = await producer.getStats();
        assert.ok((stats?.packetCount ?? 0) >= 10, `${stats?.packetCount ?? 0} packets came`);
      });
    });

    test('a data channel carries a message', async () => {
      using transports = await openTransports(role);
      const channel = await transports.onClient.produceData();
      const direct = await router.createDirectTransport();
      const { id: dataProducerId } = await transports.dataProducer;
      const consumer = await direct.consumeData({ dataProducerId });
      const message = new Promise<string>((resolve) => {
        consumer.on('message', (bytes) => resolve(bytes.toString()));
      });
      if (channel.readyState !== 'open') {
        await new Promise<void>((resolve) => channel.once('open', resolve));
      }
      channel.send('hello');
      assert.equal(await message, 'hello');
      direct.close();
    });
  });
}

test('a peer whose certificate is not the announced one is refused', async () => {
  const otherDigits = (hex: string) =>
    hex.replaceAll(/[0-9A-F]/g, (digit) => (digit === '0' ? '1' : '0'));
  using transports = await openTransports('server', ({ role, fingerprints }) => ({
    role: role ?? 'auto',
    fingerprints: fingerprints.map(({ algorithm, value }) => ({
      algorithm,
      value: otherDigits(value),
    })),
  }));
  using microphone = microphoneTrack();
  const { onWorker, onClient } = transports;
  const states: string[] = [];
  onWorker.on('dtlsstatechange', (state) => states.push(state));
  await onClient.produce({ track: microphone.track });
  // It begins again when the peer does, so the state does not stay so.
  await until('the handshake to fail', () => assert.ok(states.includes('failed'), `${states}`));
  assert.ok(!states.includes('connected'), `${states}`);
  assert.equal(died, undefined);
});

/** ICE alone, as of somebody whose machine is slow: DTLS has begun on the worker, and does not go on. */
async function beginHandshake(workerRole: mediasoup.types.DtlsRole) {
  const transport = await router.createWebRtcTransport({
    listenInfos: [{ protocol: 'udp', ip: '127.0.0.1' }],
  });
  const { usernameFragment, password } = transport.iceParameters;
  await transport.connect({
    dtlsParameters: {
      role: workerRole === 'client' ? 'server' : 'client',
      fingerprints: transport.dtlsParameters.fingerprints,
    },
  });
  const socket = createSocket('udp4');
  const check = encodeStun({
    method: METHOD.binding,
    class: 'request',
    attributes: [
      [ATTRIBUTE.username, Buffer.from(`${usernameFragment}:peer`)],
      [ATTRIBUTE.priority, Buffer.from([0x6e, 0, 0x01, 0xff])],
      [ATTRIBUTE.iceControlling, Buffer.alloc(8, 1)],
      [USE_CANDIDATE, Buffer.alloc(0)],
    ],
    key: shortTermKey(password),
    fingerprint: true,
  });
  socket.send(check, transport.iceCandidates[0]!.port, '127.0.0.1');
  await until('the handshake to begin', () => assert.equal(transport.dtlsState, 'connecting'));
  socket.close();
  return transport;
}

async function packetCount(producer: mediasoup.types.Producer): Promise<number> {
  const [stats] = await producer.getStats();
  return stats?.packetCount ?? 0;
}

for (const role of ['server', 'client'] as const) {
  test(`whoever leaves in mid-handshake (the worker as ${role}) does not end another one's connection`, async () => {
    using innocent = await openTransports('server');
    using microphone = microphoneTrack();
    const { onWorker, onClient, path } = innocent;
    const states: string[] = [];
    onWorker.on('dtlsstatechange', (state) => states.push(state));
    await onClient.produce({ track: microphone.track });
    const producer = await innocent.producer;
    await until('the first sound', async () => assert.ok((await packetCount(producer)) > 0));
    for (let attempt = 0; attempt < 3; attempt++) {
      (await beginHandshake(role)).close();
      // The end of a handshake arrives twice wherever its answer took long.
      path.repeatDtls();
      const before = await packetCount(producer);
      await until('the sound to go on', async () =>
        assert.ok((await packetCount(producer)) > before + 2, `${states}`),
      );
    }
    assert.deepEqual(states, ['connecting', 'connected']);
    assert.equal(died, undefined);
  });
}

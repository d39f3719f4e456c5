// Video through two workers, secured between them in every way that Parley may secure it.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as mediasoup from 'mediasoup';
import { provisionWorker } from '../../../native/provision.ts';
import * as wire from './rtp.ts';
import { SUITES } from './srtp-peer.ts';

const { LOOPBACK, payloadOf, rtp, UdpEndpoint } = wire;
const LISTEN = { listenInfo: { protocol: 'udp', ip: LOOPBACK } } as const;
const SSRC = 4_321;
const PACKETS = 50;

type Transport = mediasoup.types.PlainTransport | mediasoup.types.PipeTransport;

const workers: mediasoup.types.Worker[] = [];
const routers: mediasoup.types.Router[] = [];

before(async () => {
  const { path } = await provisionWorker({ log: () => {} });
  for (let index = 0; index < 2; index += 1) {
    const worker = await mediasoup.createWorker({ workerBin: path });
    workers.push(worker);
    worker.on('died', (error) => assert.fail(error));
    routers.push(await worker.createRouter({ mediaCodecs: [wire.VP8] }));
  }
});

after(async () => {
  for (const worker of workers) {
    const ended = new Promise<void>((resolve) => worker.once('subprocessclose', resolve));
    worker.close();
    await ended;
  }
});

/** Each secures the way between the two routers and returns its two ends. */
const links: { name: string; open: () => Promise<[Transport, Transport]> }[] = [
  ...SUITES.map((suite) => ({
    name: `plain transports with ${suite}`,
    open: async (): Promise<[Transport, Transport]> => {
      const options = { ...LISTEN, enableSrtp: true, srtpCryptoSuite: suite };
      const near = await routers[0]!.createPlainTransport(options);
      const far = await routers[1]!.createPlainTransport(options);
      await connectToEachOther(near, far);
      return [near, far];
    },
  })),
  ...[false, true].map((enableRtx) => ({
    name: `pipe transports ${enableRtx ? 'with' : 'without'} RTX`,
    open: async (): Promise<[Transport, Transport]> => {
      const options = { ...LISTEN, enableSrtp: true, enableRtx };
      const near = await routers[0]!.createPipeTransport(options);
      const far = await routers[1]!.createPipeTransport(options);
      await connectToEachOther(near, far);
      return [near, far];
    },
  })),
];

async function connectToEachOther(near: Transport, far: Transport): Promise<void> {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    const { localPort } = to.tuple;
    const srtpParameters = to.srtpParameters!;
    await from.connect({ ip: LOOPBACK, port: localPort, srtpParameters });
  }
}

/** Whatever else is in it: the worker puts several packets of RTCP into one datagram. */
const carries = (type: number) => (packet: Buffer) =>
  wire.isRtcp(packet) && wire.rtcpTypes(packet).includes(type);

for (const link of links) {
  describe(link.name, () => {
    test('packets arrive as they were sent, a PLI goes back, sender reports come along', async () => {
      const [source, viewer] = await Promise.all([UdpEndpoint.open(), UdpEndpoint.open()]);
      const fromSource = await routers[0]!.createPlainTransport(LISTEN);
      const toViewer = await routers[1]!.createPlainTransport(LISTEN);
      const [near, far] = await link.open();
      try {
        await fromSource.connect({ ip: LOOPBACK, port: source.port });
        await toViewer.connect({ ip: LOOPBACK, port: viewer.port });
        const produced = await fromSource.produce({
          kind: 'video',
          rtpParameters: wire.vp8Parameters(SSRC),
        });
        const link = await near.consume({
          producerId: produced.id,
          rtpCapabilities: wire.plainCapabilities(routers[0]!),
        });
        const arrived = await far.produce({ kind: 'video', rtpParameters: link.rtpParameters });
        const viewed = await toViewer.consume({
          producerId: arrived.id,
          rtpCapabilities: wire.plainCapabilities(routers[1]!),
        });

        const sent = Array.from({ length: PACKETS }, (_, index) => rtp(SSRC, index, 10 * index));
        for (const packet of sent) source.send(packet, fromSource.tuple.localPort);
        await viewer.first('the last packet', (got) =>
          payloadOf(got).equals(payloadOf(sent.at(-1)!)),
        );
        const payloads = viewer.received.filter((got) => !wire.isRtcp(got)).map(payloadOf);
        assert.deepEqual(payloads, sent.map(payloadOf));

        const [{ ssrc }] = viewed.rtpParameters.encodings as [{ ssrc: number }];
        const asked = source.received.filter(carries(wire.PAYLOAD_FEEDBACK)).length;
        viewer.send(wire.pli(ssrc), toViewer.tuple.localPort);
        let seen = 0;
        await source.first('another PLI', (got) => {
          if (carries(wire.PAYLOAD_FEEDBACK)(got)) seen += 1;
          return seen > asked;
        });
        await viewer.first('a sender report', carries(wire.SENDER_REPORT));
      } finally {
        for (const closable of [near, far, fromSource, toViewer, source, viewer]) closable.close();
      }
    });
  });
}

// Where the SRTP tests take place: one secured transport of a real worker, and plain UDP behind it.

import { randomBytes } from 'node:crypto';
import type { types } from 'mediasoup';
import * as wire from './rtp.ts';
import { PROFILES, SrtpContext, type Suite } from './srtp-peer.ts';

const { LOOPBACK, payloadOf, UdpEndpoint } = wire;
const LISTEN = { listenInfo: { protocol: 'udp', ip: LOOPBACK } } as const;

let lastSsrc = 1_000;
/** One that no other stream of this process has. */
export const newSsrc = () => ++lastSsrc;

/**
 * One SRTP transport whose peer is this test, and plain UDP on the other side of the router.
 *
 *   inward:  peer ─SRTP─▶ worker ─RTP─▶ viewer
 *   outward: source ─RTP─▶ worker ─SRTP─▶ peer
 */
export async function openScene(router: types.Router, suite: Suite) {
  const [peer, viewer, source] = await Promise.all([
    UdpEndpoint.open(),
    UdpEndpoint.open(),
    UdpEndpoint.open(),
  ]);
  const profile = PROFILES[suite];
  const peerKey = randomBytes(profile.keyBytes + profile.saltBytes).toString('base64');
  const secure = await router.createPlainTransport({
    ...LISTEN,
    enableSrtp: true,
    srtpCryptoSuite: suite,
  });
  const srtpParameters = { cryptoSuite: suite, keyBase64: peerKey };
  await secure.connect({ ip: LOOPBACK, port: peer.port, srtpParameters });
  const toViewer = await router.createPlainTransport(LISTEN);
  await toViewer.connect({ ip: LOOPBACK, port: viewer.port });
  const fromSource = await router.createPlainTransport(LISTEN);
  await fromSource.connect({ ip: LOOPBACK, port: source.port });

  const outwardSsrc = newSsrc();
  const outward = await fromSource.produce({
    kind: 'video',
    rtpParameters: wire.vp8Parameters(outwardSsrc),
  });
  const consumer = await secure.consume({
    producerId: outward.id,
    rtpCapabilities: wire.plainCapabilities(router),
  });
  const fromWorker = new SrtpContext(suite, secure.srtpParameters!.keyBase64);
  const toWorker = new SrtpContext(suite, peerKey);
  const securePort = secure.tuple.localPort;
  const opensTo = (packet: Buffer, got: Buffer, rollovers: readonly number[]): boolean =>
    !wire.isRtcp(got) &&
    rollovers.some((rollover) => {
      try {
        return payloadOf(fromWorker.unprotectRtp(got, rollover)).equals(payloadOf(packet));
      } catch {
        // Of before or after the sequence number wrapped.
        return false;
      }
    });

  return {
    peer,
    viewer,
    source,
    outwardSsrc,
    consumerSsrc: consumer.rtpParameters.encodings![0]!.ssrc!,
    fromWorker,
    toWorker,
    /** Declares a stream from the peer, whose packets the viewer then gets. */
    async produceInward(ssrc: number) {
      const producer = await secure.produce({
        kind: 'video',
        rtpParameters: wire.vp8Parameters(ssrc),
      });
      const viewed = await toViewer.consume({
        producerId: producer.id,
        rtpCapabilities: wire.plainCapabilities(router),
      });
      return { producer, viewedSsrc: viewed.rtpParameters.encodings![0]!.ssrc! };
    },
    sendSecure: (packet: Buffer) => peer.send(packet, securePort),
    sendSource: (packet: Buffer) => source.send(packet, fromSource.tuple.localPort),
    sendViewer: (packet: Buffer) => viewer.send(packet, toViewer.tuple.localPort),
    /** Waits until the viewer has the payload of `packet`. */
    viewed: (packet: Buffer) =>
      viewer.first('the packet at the viewer', (got) => payloadOf(got).equals(payloadOf(packet))),
    timesViewed: (packet: Buffer) =>
      viewer.received.filter((got) => payloadOf(got).equals(payloadOf(packet))).length,
    /** Waits until the peer has `packet` in its secured form, and returns that. */
    secured: (packet: Buffer, ...rollovers: number[]) =>
      peer.first('the packet at the peer', (got) => opensTo(packet, got, [0, ...rollovers])),
    timesSecured: (packet: Buffer) =>
      peer.received.filter((got) => opensTo(packet, got, [0])).length,
    rtcpAtPeer: () => peer.received.filter(wire.isRtcp).map((p) => fromWorker.unprotectRtcp(p)),
    close() {
      for (const closable of [secure, toViewer, fromSource, peer, viewer, source]) closable.close();
    },
  };
}

export type Scene = Awaited<ReturnType<typeof openScene>>;

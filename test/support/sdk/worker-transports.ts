// Every WebRTC transport of this process's mediasoup workers, as mediasoup itself reports them.
import { observer } from 'mediasoup';
import type { WebRtcTransport } from 'mediasoup/types';

/** Those opened since this module was loaded, oldest first. Closed ones leave. */
const open = new Set<WebRtcTransport>();

observer.on('newworker', (worker) => {
  worker.observer.on('newrouter', (router) => {
    router.observer.on('newtransport', (transport) => {
      if (transport.type !== 'webrtc') return;
      const one = transport as WebRtcTransport;
      open.add(one);
      one.observer.once('close', () => open.delete(one));
    });
  });
});

export function openTransports(): readonly WebRtcTransport[] {
  return [...open];
}

/** Bytes of RTP that have crossed a transport, in either direction. */
export async function rtpBytes(transports: readonly WebRtcTransport[]): Promise<number> {
  const reports = await Promise.all(transports.map((transport) => transport.getStats()));
  return reports
    .flat()
    .reduce(
      (
        sum,
        { rtpBytesReceived, rtpBytesSent, rtxBytesReceived, rtxBytesSent, probationBytesSent },
      ) =>
        sum +
        rtpBytesReceived +
        rtpBytesSent +
        rtxBytesReceived +
        rtxBytesSent +
        probationBytesSent,
      0,
    );
}

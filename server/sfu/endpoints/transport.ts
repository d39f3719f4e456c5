// The WebRTC transports of participants: made, limited and counted.
import type { WebRtcTransport } from 'mediasoup/types';
import type { Direction } from '../../../shared/protocol/media-messages.ts';
import type { Config } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import type { Resources } from '../../telemetry/resources.ts';
import type { RoomRouter } from '../rooms/room-router.ts';
import { countWhileOpen } from '../workers/count.ts';

export interface MediaContext {
  media: Config['media'];
  interest: Config['interest'];
  resources: Resources;
  metrics: Metrics;
  log: Logger;
}

export async function createTransport(
  router: RoomRouter,
  direction: Direction,
  { media, resources, metrics, log }: MediaContext,
): Promise<WebRtcTransport> {
  const transport = await router.router.createWebRtcTransport({
    webRtcServer: router.worker.server,
    enableUdp: media.protocols.includes('udp'),
    enableTcp: media.protocols.includes('tcp'),
    preferUdp: true,
    initialAvailableOutgoingBitrate: media.initialOutgoingBitrate,
    iceConsentTimeout: media.iceConsentTimeoutSeconds,
  });
  countWhileOpen(resources, 'transport', transport);
  transport.on('icestatechange', (state) => metrics.iceStates.inc({ direction, state }));
  transport.on('dtlsstatechange', (state) => metrics.dtlsStates.inc({ direction, state }));
  transport.on('iceselectedtuplechange', ({ protocol }) =>
    metrics.selectedProtocols.inc({ protocol }),
  );
  if (direction === 'send') {
    // Not awaited: the worker takes commands in order, and a join should not wait for the answer.
    transport.setMaxIncomingBitrate(media.maxIncomingBitrate).catch((err) => {
      if (!transport.closed) log.warn({ err }, 'a limit of incoming bitrate was not set');
    });
  }
  return transport;
}

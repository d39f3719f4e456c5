// A worker, a router and an HTTP server on loopback, with nothing around: what mediasoup alone costs.
//
//   node bench/media/contenders/bare-server.ts <path of a mediasoup-worker>
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { createWorker } from 'mediasoup';
import type { Consumer, Producer, WebRtcTransport } from 'mediasoup/types';
import { PAYLOAD_TYPES } from '../../../client/load/media/descriptions.ts';
import { parse } from '../../../shared/protocol/rpc.ts';
import { BARE_REQUESTS, type BareRequest, type BareRequests } from './bare-messages.ts';

const LOOPBACK = '127.0.0.1';
const VP8 = {
  kind: 'video',
  mimeType: 'video/VP8',
  clockRate: 90_000,
  preferredPayloadType: PAYLOAD_TYPES.video,
} as const;

const [workerBin = ''] = process.argv.slice(2);
const worker = await createWorker({ workerBin, logLevel: 'none' });
const webRtcServer = await worker.createWebRtcServer({
  listenInfos: [{ protocol: 'udp', ip: LOOPBACK }],
});
const router = await worker.createRouter({ mediaCodecs: [VP8] });
const transports = new Map<string, WebRtcTransport>();
const consumers = new Map<string, Consumer>();
let producer: Producer | undefined;

const HANDLERS: { [K in BareRequest]: (request: BareRequests[K]) => Promise<object> } = {
  async open() {
    const transport = await router.createWebRtcTransport({ webRtcServer });
    transports.set(transport.id, transport);
    const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
    return { id, iceParameters, iceCandidates, dtlsParameters };
  },
  async connect({ transportId, dtlsParameters }) {
    await transportOf(transportId).connect({ dtlsParameters });
    return {};
  },
  async produce({ transportId, rtpParameters }) {
    producer = await transportOf(transportId).produce({ kind: 'video', rtpParameters });
    return {};
  },
  async consume({ transportId, rtpCapabilities }) {
    if (!producer) throw new Error('nobody publishes');
    const { id: producerId } = producer;
    const transport = transportOf(transportId);
    consumers.set(transportId, await transport.consume({ producerId, rtpCapabilities }));
    return {};
  },
  async pause({ transportId, paused }) {
    const consumer = consumers.get(transportId);
    await (paused ? consumer?.pause() : consumer?.resume());
    return {};
  },
};

const server = createServer(async (request, response) => {
  try {
    const name = request.url?.slice(1) ?? '';
    if (!isRequest(name)) throw new Error(`there is no ${name}`);
    const answer = await handle(name, JSON.parse(await text(request)));
    response.end(JSON.stringify(answer));
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
}).listen(0, LOOPBACK, () => {
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  console.log(`bare mediasoup at http://${LOOPBACK}:${port}, worker ${worker.pid}`);
});

process.once('SIGTERM', () => {
  worker.close();
  server.close();
  server.closeAllConnections();
});

function handle<K extends BareRequest>(name: K, body: unknown): Promise<object> {
  const schema = BARE_REQUESTS[name];
  return HANDLERS[name](parse(schema, body) as BareRequests[K]);
}

function isRequest(name: string): name is BareRequest {
  return Object.hasOwn(BARE_REQUESTS, name);
}

function transportOf(id: string): WebRtcTransport {
  const transport = transports.get(id);
  if (!transport) throw new Error('there is no such transport');
  return transport;
}

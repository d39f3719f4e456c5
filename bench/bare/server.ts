// The least that carries a call: mediasoup, one router and a WebSocket, with no application around.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createWorker, type types } from 'mediasoup';
import { build } from 'vite';
import { type WebSocket, WebSocketServer } from 'ws';
import { provisionWorker } from '../../native/provision.ts';
import { ROUTER_CODECS } from '../../shared/media/media.ts';
import type { FromPage, Joined } from './messages.ts';

const LOOPBACK = '127.0.0.1';
/** The same as Parley's default: with it mediasoup chooses the first layer that it sends. */
const INITIAL_OUTGOING_BITRATE = 1_000_000;

export interface BareServer extends AsyncDisposable {
  readonly url: string;
}

export async function startBareServer(): Promise<BareServer> {
  const files = await buildPage();
  const { path: workerBin } = await provisionWorker();
  const worker = await createWorker({ workerBin, logLevel: 'error' });
  const router = await worker.createRouter({
    mediaCodecs: ROUTER_CODECS as types.RouterRtpCodecCapability[],
  });
  const producers = new Map<string, types.Producer>();

  const http = createServer((request, response) => {
    const file = files.get(request.url === '/' ? '/index.html' : (request.url ?? ''));
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('content-type', file.type).end(file.body);
  });
  const sockets = new WebSocketServer({ server: http });
  sockets.on('connection', (socket) => serve(socket, router, producers));
  http.listen(0, LOOPBACK);
  await once(http, 'listening');

  return {
    url: `http://localhost:${(http.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections();
      http.close();
      await once(http, 'close');
      worker.close();
    },
  };
}

/** One page's session, for as long as its socket is open. */
function serve(
  socket: WebSocket,
  router: types.Router,
  producers: Map<string, types.Producer>,
): void {
  const transports = new Map<'send' | 'recv', types.WebRtcTransport>();
  /** Messages take effect in the order they came, as on any real server. */
  let queue = Promise.resolve();
  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as FromPage;
    queue = queue.then(() => answer(message)).catch((error) => console.error(error));
  });
  socket.on('close', () => {
    for (const transport of transports.values()) transport.close();
  });

  async function answer(message: FromPage): Promise<void> {
    switch (message.say) {
      case 'join': {
        const [send, recv] = await Promise.all([createTransport(), createTransport()]);
        transports.set('send', send).set('recv', recv);
        const consumers = await Promise.all(
          [...producers.keys()].map((producerId) =>
            recv.consume({ producerId, rtpCapabilities: message.rtpCapabilities }),
          ),
        );
        const joined: Joined = {
          send: describe(send),
          recv: describe(recv),
          consumers: consumers.map(describeConsumer),
        };
        socket.send(JSON.stringify(joined));
        return;
      }
      case 'connect':
        await transports
          .get(message.direction)
          ?.connect({ dtlsParameters: message.dtlsParameters });
        return;
      case 'produce': {
        const { id, kind, rtpParameters } = message;
        const producer = await transports.get('send')?.produce({ id, kind, rtpParameters });
        if (!producer) return;
        producers.set(id, producer);
        producer.observer.once('close', () => producers.delete(id));
      }
    }
  }

  function createTransport(): Promise<types.WebRtcTransport> {
    return router.createWebRtcTransport({
      listenInfos: [{ protocol: 'udp', ip: LOOPBACK }],
      initialAvailableOutgoingBitrate: INITIAL_OUTGOING_BITRATE,
    });
  }
}

function describe(transport: types.WebRtcTransport): Joined['send'] {
  const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
  return { id, iceParameters, iceCandidates, dtlsParameters };
}

/** mediasoup and its client name the same RTP parameters by types of their own. */
function describeConsumer(consumer: types.Consumer): Joined['consumers'][number] {
  const { id, producerId, kind, rtpParameters } = consumer;
  return { id, producerId, kind, rtpParameters } as Joined['consumers'][number];
}

/** The page with mediasoup-client in it, built in memory, by its path. */
async function buildPage(): Promise<Map<string, { type: string; body: string | Uint8Array }>> {
  const result = await build({
    configFile: false,
    root: path.join(import.meta.dirname),
    logLevel: 'warn',
    build: { write: false },
  });
  const [built] = [result].flat();
  if (!built || !('output' in built)) throw new Error('Vite did not build the bare page');
  return new Map(
    built.output.map((file) => [
      `/${file.fileName}`,
      file.type === 'chunk'
        ? { type: 'text/javascript', body: file.code }
        : { type: 'text/html', body: file.source },
    ]),
  );
}

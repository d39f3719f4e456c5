// Drives a worker through one of everything. Exits with 0 when it did all of it. See verify.ts.
//
// A worker does not report its version. One of another mediasoup shows because it reads a
// request, or writes an answer, in another format.

import * as mediasoup from 'mediasoup';
import { reasonOf } from '../errors.ts';

const LOOPBACK = { ip: '127.0.0.1' };
/** The discard port (RFC 863). Nothing is sent to it. */
const PEER = { ip: '127.0.0.1', port: 9 };
const OPUS = { mimeType: 'audio/opus', clockRate: 48_000, channels: 2 } as const;
/** Key and salt: 32 and 12 bytes. */
const GCM_KEY = Buffer.alloc(44, 1).toString('base64');

async function exercise(workerBin: string): Promise<void> {
  const worker = await mediasoup.createWorker({ workerBin, logLevel: 'none' });
  const died = Promise.withResolvers<never>();
  worker.once('died', died.reject);
  try {
    await Promise.race([exerciseRouter(worker), died.promise]);
  } finally {
    const ended = new Promise<void>((resolve) => worker.once('subprocessclose', resolve));
    worker.close();
    if (!worker.died) await ended;
  }
}

async function exerciseRouter(worker: mediasoup.types.Worker): Promise<void> {
  const router = await worker.createRouter({ mediaCodecs: [{ kind: 'audio', ...OPUS }] });
  const webRtc = await router.createWebRtcTransport({
    listenInfos: [{ protocol: 'udp', ...LOOPBACK }],
  });
  expectEqual((await webRtc.dump()).id, webRtc.id);
  // Not every libsrtp can do GCM; browsers ask for it first.
  const plain = await router.createPlainTransport({
    listenInfo: { protocol: 'udp', ...LOOPBACK },
    enableSrtp: true,
    srtpCryptoSuite: 'AEAD_AES_256_GCM',
  });
  await plain.connect({
    ...PEER,
    srtpParameters: { cryptoSuite: 'AEAD_AES_256_GCM', keyBase64: GCM_KEY },
  });
  const producer = await plain.produce({
    kind: 'audio',
    rtpParameters: {
      codecs: [{ ...OPUS, payloadType: 100 }],
      encodings: [{ ssrc: 1 }],
    },
  });
  const consumer = await webRtc.consume({
    producerId: producer.id,
    rtpCapabilities: router.rtpCapabilities,
  });
  expectEqual((await consumer.dump()).producerId, producer.id);
  expectEqual((await router.dump()).transportIds.length, 2);
}

function expectEqual(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`it answered ${actual} instead of ${expected}`);
}

try {
  await exercise(process.argv[2] ?? '');
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exitCode = 1;
}

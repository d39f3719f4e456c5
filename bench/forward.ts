// What a forwarded packet costs two workers: the same packets, taking turns.
//
//   node bench/forward.ts <path of a mediasoup-worker> <path of another>
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import * as mediasoup from 'mediasoup';
import {
  LOOPBACK,
  plainCapabilities,
  rtp,
  VP8,
  vp8Parameters,
} from '../test/integration/native/rtp.ts';
import { spread } from './statistics.ts';

const SSRC = 1;
const RECEIVERS = 100;
const KINDS = [
  { name: 'picture', packetsPerSecond: 200, bytes: 1_000 },
  { name: 'sound', packetsPerSecond: 50, bytes: 100 },
] as const;
type Kind = (typeof KINDS)[number];
const TICK_MS = 10;
const ROUNDS = 5;
const ROUND_MS = 10_000;
/** Which browsers negotiate. */
const SUITE = 'AEAD_AES_256_GCM';
const KEY_BYTES = 44;
const LISTEN = { listenInfo: { protocol: 'udp', ip: LOOPBACK } } as const;

const paths = process.argv.slice(2);
if (paths.length !== 2) throw new Error('name two workers');
const sockets = await Promise.all(Array.from({ length: RECEIVERS }, openSocket));
const sender = await openSocket();
const workers = await Promise.all(paths.map(openWorker));
for (const kind of KINDS) {
  const costs: number[][] = workers.map(() => []);
  // The first round warms both up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [index, worker] of workers.entries()) {
      const us = await measure(worker, kind);
      if (round > 0) costs[index]?.push(us);
    }
  }
  process.stdout.write(`${kind.name}: ${kind.packetsPerSecond}/s of ${kind.bytes} bytes\n`);
  for (const [index, path] of paths.entries()) {
    const { median, min, max } = spread(costs[index] ?? []);
    const text = [median, min, max].map((us) => us.toFixed(1));
    process.stdout.write(`  ${text[0]} µs (${text[1]} – ${text[2]})  ${path}\n`);
  }
}
for (const { worker } of workers) worker.close();
for (const socket of [sender, ...sockets]) socket.close();

interface Forwarder {
  worker: mediasoup.types.Worker;
  port: number;
  consumers: mediasoup.types.Consumer[];
  sequence: number;
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, LOOPBACK);
  await once(socket, 'listening');
  return socket;
}

/** One sender in the clear, and receivers that each have an encrypted transport of their own. */
async function openWorker(workerBin: string): Promise<Forwarder> {
  const worker = await mediasoup.createWorker({ workerBin, logLevel: 'none' });
  const router = await worker.createRouter({ mediaCodecs: [VP8] });
  const source = await router.createPlainTransport({ ...LISTEN, comedia: true });
  const rtpParameters = vp8Parameters(SSRC);
  const producer = await source.produce({ kind: 'video', rtpParameters });
  const consumers: mediasoup.types.Consumer[] = [];
  for (const receiver of sockets) {
    const transport = await router.createPlainTransport({
      ...LISTEN,
      enableSrtp: true,
      srtpCryptoSuite: SUITE,
    });
    const keyBase64 = randomBytes(KEY_BYTES).toString('base64');
    const srtpParameters = { cryptoSuite: SUITE, keyBase64 } as const;
    await transport.connect({ ip: LOOPBACK, port: receiver.address().port, srtpParameters });
    const rtpCapabilities = plainCapabilities(router);
    consumers.push(await transport.consume({ producerId: producer.id, rtpCapabilities }));
  }
  return { worker, port: source.tuple.localPort, consumers, sequence: 0 };
}

/** Microseconds of the worker's processor time for each packet to a receiver. */
async function measure(forwarder: Forwarder, kind: Kind): Promise<number> {
  const packetsBefore = await packetsSent(forwarder);
  const before = await cpuMs(forwarder);
  const startedAt = performance.now();
  let sent = 0;
  for (let elapsed = 0; elapsed < ROUND_MS; elapsed = performance.now() - startedAt) {
    for (; sent < (elapsed / 1_000) * kind.packetsPerSecond; sent++) {
      sender.send(rtp(SSRC, forwarder.sequence++, kind.bytes), forwarder.port, LOOPBACK);
    }
    await delay(TICK_MS);
  }
  const spent = (await cpuMs(forwarder)) - before;
  return (spent * 1_000) / ((await packetsSent(forwarder)) - packetsBefore);
}

async function cpuMs({ worker }: Forwarder): Promise<number> {
  const { ru_utime, ru_stime } = await worker.getResourceUsage();
  return ru_utime + ru_stime;
}

async function packetsSent({ consumers }: Forwarder): Promise<number> {
  const counts = consumers.map(async (consumer) => {
    const stats = await consumer.getStats();
    return stats.find(({ type }) => type === 'outbound-rtp')?.packetCount ?? 0;
  });
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

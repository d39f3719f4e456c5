// Measures through an echo: round trips and loss on one channel, bandwidth on the other.
import type { PathQuality, SpeedResult } from './types.ts';

/** As often as a voice's packets, for a second. */
const PINGS = 50;
const PING_EVERY_MS = 20;
/** The wait for the last pings. One that takes longer is as bad as lost in a call. */
const LAST_PING_MS = 1_000;

const PIECE_BYTES = 16_384;
/** Bytes under way at once: enough for 20 Mbit/s at a round trip of 200 ms. */
const WINDOW_BYTES = 512 * 1024;
const SPEED_MS = 2_000;
/** The start, in which the sender finds its rate, does not count. */
const WARM_UP_MS = 500;
/** A path without an answer for this long is dead. */
const SILENCE_MS = 4_000;
/** A call needs less, and the server has other clients. */
const ENOUGH_BITS_PER_SECOND = 25_000_000;

/** @returns null when nothing came back */
export async function measureQuality(
  channel: RTCDataChannel,
  signal: AbortSignal,
): Promise<PathQuality | null> {
  const sentAt: number[] = [];
  const trips = new Map<number, number>();
  const all = Promise.withResolvers<void>();
  const onMessage = ({ data }: MessageEvent) => {
    const now = performance.now();
    const number = new DataView(data as ArrayBuffer).getUint32(0);
    const at = sentAt[number];
    if (at !== undefined) trips.set(number, now - at);
    if (trips.size === PINGS) all.resolve();
  };
  channel.addEventListener('message', onMessage);
  const stop = () => all.resolve();
  signal.addEventListener('abort', stop);
  const sending = setInterval(() => {
    if (channel.readyState !== 'open') return all.resolve();
    const ping = new ArrayBuffer(32);
    new DataView(ping).setUint32(0, sentAt.length);
    sentAt.push(performance.now());
    channel.send(ping);
    if (sentAt.length === PINGS) clearInterval(sending);
  }, PING_EVERY_MS);
  const timer = setTimeout(stop, PINGS * PING_EVERY_MS * 2 + LAST_PING_MS);
  await all.promise;
  clearInterval(sending);
  clearTimeout(timer);
  signal.removeEventListener('abort', stop);
  channel.removeEventListener('message', onMessage);
  return qualityOf(
    [...trips.entries()].sort(([a], [b]) => a - b).map(([, trip]) => trip),
    sentAt.length,
  );
}

/** @param trips in milliseconds, in the order they were sent, without those that were lost */
export function qualityOf(trips: readonly number[], sent: number): PathQuality | null {
  if (trips.length === 0) return null;
  const sorted = trips.toSorted((a, b) => a - b);
  const steps = trips.slice(1).map((trip, index) => Math.abs(trip - (trips[index] ?? trip)));
  return {
    roundTripMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    jitterMs: steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length),
    lost: 1 - trips.length / Math.max(1, sent),
  };
}

/** Sends as fast as the echo comes back, for two seconds. */
export function measureSpeed(
  channel: RTCDataChannel,
  pathId: string,
  signal: AbortSignal,
): Promise<SpeedResult> {
  const piece = new Uint8Array(PIECE_BYTES);
  // Random bytes: data that a network can compress would measure too fast.
  for (let index = 0; index < PIECE_BYTES; index++) piece[index] = Math.random() * 256;
  const startedAt = performance.now();
  let onTheirWay = 0;
  let back = 0;
  let receivedAt = startedAt;
  let beforeWarm = { bytes: 0, at: startedAt };
  let warm = false;
  return new Promise((resolve) => {
    const finish = () => {
      clearInterval(ticking);
      channel.removeEventListener('message', onMessage);
      signal.removeEventListener('abort', finish);
      const seconds = (receivedAt - beforeWarm.at) / 1000;
      const bytes = back - beforeWarm.bytes;
      const bitsPerSecond = seconds > 0 ? (bytes * 8) / seconds : 0;
      if (bytes === 0) return resolve({ state: 'none' });
      const capped = bitsPerSecond >= ENOUGH_BITS_PER_SECOND * 0.9;
      resolve({ state: 'measured', bitsPerSecond, capped, pathId });
    };
    const fill = () => {
      const elapsed = (performance.now() - startedAt) / 1000;
      const allowed = (ENOUGH_BITS_PER_SECOND / 8) * elapsed + WINDOW_BYTES / 4;
      while (
        channel.readyState === 'open' &&
        onTheirWay + PIECE_BYTES <= WINDOW_BYTES &&
        back + onTheirWay + PIECE_BYTES <= allowed
      ) {
        channel.send(piece);
        onTheirWay += PIECE_BYTES;
      }
    };
    const onMessage = ({ data }: MessageEvent) => {
      const { byteLength } = data as ArrayBuffer;
      receivedAt = performance.now();
      back += byteLength;
      onTheirWay -= byteLength;
      if (!warm && receivedAt - startedAt >= WARM_UP_MS) {
        warm = true;
        beforeWarm = { bytes: back, at: receivedAt };
      }
      fill();
    };
    const ticking = setInterval(() => {
      const now = performance.now();
      const over = now - startedAt >= SPEED_MS && (warm || now - startedAt >= SPEED_MS * 2);
      const dead = now - receivedAt >= SILENCE_MS || channel.readyState !== 'open';
      if (over || dead) finish();
      else fill();
    }, 10);
    channel.addEventListener('message', onMessage);
    signal.addEventListener('abort', finish);
    if (signal.aborted) finish();
    fill();
  });
}

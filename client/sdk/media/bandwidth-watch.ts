// Looks at what the browser sends of each picture, and has it try for more where it sends less than it may.
import type { types } from 'mediasoup-client';
import { CLIMB_FIRST_WAIT_MS, type Climb, climb, type SentLayer } from './climb.ts';
import { changeEncodings } from './layers/encoding-changes.ts';

/** Bits per second. Any change makes the browser think again; all limits of ours are even thousands. */
const STEP = 1_000;

/** The fields of an `outbound-rtp` entry that matter; Firefox does not tell a target. */
interface OutboundStats {
  type: string;
  rid?: string;
  targetBitrate?: number;
}

export class BandwidthWatch {
  readonly #producers: () => Iterable<types.Producer>;
  readonly #climbs = new WeakMap<types.Producer, Climb>();
  readonly #timer: ReturnType<typeof setInterval>;

  /** @param producers those there are now */
  constructor(producers: () => Iterable<types.Producer>) {
    this.#producers = producers;
    this.#timer = setInterval(() => {
      for (const producer of this.#producers()) void this.#look(producer);
    }, CLIMB_FIRST_WAIT_MS);
  }

  /** Idempotent. */
  close(): void {
    clearInterval(this.#timer);
  }

  async #look(producer: types.Producer): Promise<void> {
    const { rtpSender, kind } = producer;
    if (kind !== 'video' || !rtpSender || producer.closed || producer.paused) return;
    const stats = await rtpSender.getStats().catch(() => undefined);
    if (!stats || producer.closed || producer.paused) return;
    const { encodings } = rtpSender.getParameters();
    const layers = sentLayers(encodings, [...stats.values()] as OutboundStats[]);
    const { ask, next } = climb(this.#climbs.get(producer), layers, performance.now());
    if (next) this.#climbs.set(producer, next);
    else this.#climbs.delete(producer);
    // A refusal is no loss: the next look tries again.
    if (ask) await changeEncodings(rtpSender, changed);
  }
}

/** None where the browser says no target at all. Chromium says none of a layer that it leaves out. */
export function sentLayers(
  encodings: readonly RTCRtpEncodingParameters[],
  stats: readonly OutboundStats[],
): SentLayer[] {
  const outbound = stats.filter(({ type }) => type === 'outbound-rtp');
  if (outbound.every(({ targetBitrate }) => targetBitrate === undefined)) return [];
  return encodings.flatMap(({ rid, active = true, maxBitrate }) => {
    if (!active || maxBitrate === undefined) return [];
    const entry = outbound.find((other) => encodings.length === 1 || other.rid === rid);
    return [{ maxBitrate, targetBitrate: entry?.targetBitrate ?? 0 }];
  });
}

/** The highest active encoding may send a little more than before, or as little as at first. */
export function changed(
  encodings: readonly RTCRtpEncodingParameters[],
): RTCRtpEncodingParameters[] {
  const top = encodings.findLastIndex(({ active = true }) => active);
  return encodings.map((encoding, index) => {
    if (index !== top || encoding.maxBitrate === undefined) return encoding;
    const isRaised = encoding.maxBitrate % (2 * STEP) !== 0;
    return { ...encoding, maxBitrate: encoding.maxBitrate + (isRaised ? -STEP : STEP) };
  });
}

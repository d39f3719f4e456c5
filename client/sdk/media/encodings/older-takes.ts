// The producers that tracks were sent with before their codec changed: each goes on until the new one sends as much,
// and a moment longer, so that receivers see one picture until they see the other.
import type { types } from 'mediasoup-client';
import type { Sample } from '../../handover/liveness.ts';
import { sendsAsMuch } from '../../handover/sending-watch.ts';

const POLL_MS = 200;
/** Receivers need this long after the new one keeps up: a key frame, and as many frames as the old one brings. */
const SETTLE_MS = 2_000;
/** Then it ends anyhow. Servers close it two seconds later. */
const LIMIT_MS = 6_000;

/** A scalability mode with more than one spatial layer. */
const SEVERAL_SIZES = /^L[2-9]/;

interface Older {
  readonly producer: types.Producer;
  readonly newer: types.Producer;
  readonly since: number;
  samples: readonly Sample[];
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class OlderTakes {
  readonly #older = new Map<string, Older>();

  /** The producer that was replaced, while it goes on. */
  of(trackId: string): types.Producer | undefined {
    return this.#older.get(trackId)?.producer;
  }

  /** Sends a track with both, until the server has taken the newer one. */
  keep(trackId: string, producer: types.Producer, newer: types.Producer): void {
    this.end(trackId);
    const since = performance.now();
    this.#older.set(trackId, { producer, newer, since, samples: [], timer: undefined });
  }

  /** The server has taken the newer one: the older ends soon. */
  confirm(trackId: string): void {
    const older = this.#older.get(trackId);
    if (older && older.timer === undefined) this.#watch(trackId, older);
  }

  /** The server has not taken the newer one. @returns the older, which goes on alone */
  restore(trackId: string): types.Producer | undefined {
    const older = this.#older.get(trackId);
    if (!older) return undefined;
    this.#older.delete(trackId);
    clearTimeout(older.timer);
    older.newer.close();
    return older.producer;
  }

  end(trackId: string): void {
    const older = this.#older.get(trackId);
    if (!older) return;
    this.#older.delete(trackId);
    clearTimeout(older.timer);
    older.producer.close();
  }

  /** Idempotent. */
  close(): void {
    for (const trackId of [...this.#older.keys()]) this.end(trackId);
  }

  #watch(trackId: string, older: Older): void {
    older.timer = setTimeout(() => void this.#look(trackId, older), POLL_MS);
  }

  async #look(trackId: string, older: Older): Promise<void> {
    const { producer, newer, since } = older;
    const reports = await Promise.all([producer.getStats(), newer.getStats()]).catch(() => []);
    if (this.#older.get(trackId) !== older) return;
    const at = performance.now();
    const [shown, awaited] = reports;
    if (shown && awaited) {
      const sample = { at, shown: picturesSent(shown), awaited: picturesSent(awaited) };
      older.samples = [...older.samples, sample];
    }
    if (at - since >= LIMIT_MS) this.end(trackId);
    else if (sendsAsMuch(older.samples)) {
      const restMs = Math.min(SETTLE_MS, LIMIT_MS - (at - since));
      older.timer = setTimeout(() => this.end(trackId), restMs);
    } else this.#watch(trackId, older);
  }
}

/**
 * Pictures that were sent. Of a stream with layers inside the browser counts each layer as a frame, so the pictures of
 * its source are counted instead.
 */
export function picturesSent(report: Pick<RTCStatsReport, 'forEach'>): number {
  let most = 0;
  let captured: number | undefined;
  let isLayered = false;
  report.forEach(({ type, kind, frames, framesEncoded = 0, scalabilityMode = '' }) => {
    if (kind !== 'video') return;
    if (type === 'media-source') captured = frames;
    if (type !== 'outbound-rtp') return;
    most = Math.max(most, framesEncoded);
    isLayered ||= SEVERAL_SIZES.test(scalabilityMode);
  });
  return isLayered && captured !== undefined ? captured : most;
}

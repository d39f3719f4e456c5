// Measurements of a network check: their meaning for a call, and their wording. Pure.
import type { PathResult, SpeedResult } from '../../sdk/check/types.ts';

/** Above this, participants notice: they interrupt each other, voices break, the picture freezes. */
const SLOW_MS = 300;
const UNSTEADY_MS = 50;
const LOSSY = 0.03;
/** Bits per second. Less is hardly enough for an own picture. */
const NARROW = 500_000;

/** The weaknesses of this path for a call, as ends of a sentence. */
export function weaknesses({ quality }: PathResult, speed: SpeedResult): string[] {
  const found = quality ? defects(quality) : ['nothing came back in time to measure it'];
  if (speed.state === 'measured' && speed.bitsPerSecond < NARROW) {
    found.push(`there is little bandwidth (${bitrate(speed.bitsPerSecond)})`);
  }
  return found;
}

function defects(quality: NonNullable<PathResult['quality']>): string[] {
  const found: string[] = [];
  if (quality.roundTripMs >= SLOW_MS) {
    found.push(`answers take long (${milliseconds(quality.roundTripMs)})`);
  }
  if (quality.jitterMs >= UNSTEADY_MS) found.push('packets come at uneven times');
  if (quality.lost >= LOSSY) {
    found.push(`${percent(quality.lost)} of the packets get lost`);
  }
  return found;
}

/** With a no-break space, as in the others. */
export function milliseconds(value: number): string {
  return value < 1 ? 'under 1\u00a0ms' : `${Math.round(value)}\u00a0ms`;
}

export function percent(share: number): string {
  return `${Math.max(1, Math.round(share * 100))}\u00a0%`;
}

export function bitrate(bitsPerSecond: number): string {
  if (bitsPerSecond < 1_000_000) return `${Math.round(bitsPerSecond / 1000)}\u00a0kbit/s`;
  return `${(bitsPerSecond / 1_000_000).toFixed(1)}\u00a0Mbit/s`;
}

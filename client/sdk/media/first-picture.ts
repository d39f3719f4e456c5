// Waits for the first picture that is received, and until a page shows it, though not for long.
import { sleep } from '../link/backoff.ts';

/** A look is cheap: the browser counts them anyway. */
const LOOK_EVERY_MS = 10;
/** A page that takes longer is busy with something else. */
const DRAWN_MS = 100;

/** Resolves with the first picture of any of these, or after this time. At once when none is to come. */
export async function firstPicture(
  receivers: readonly RTCRtpReceiver[],
  withinMs: number,
): Promise<void> {
  const endsAt = performance.now() + withinMs;
  const isDue = () => receivers.length > 0 && !receivers.some(hasShown);
  while (isDue() && performance.now() < endsAt) await sleep(LOOK_EVERY_MS);
}

/** Resolves when a page has drawn what it has learned just now, or after a moment: a hidden page draws nothing. */
export async function drawn(): Promise<void> {
  const { requestAnimationFrame: nextFrame } = globalThis;
  if (!nextFrame) return;
  const frames = new Promise<void>((resolve) => nextFrame(() => nextFrame(() => resolve())));
  await Promise.race([frames, sleep(DRAWN_MS)]);
}

function hasShown(receiver: RTCRtpReceiver): boolean {
  // A source is known from its first decoded frame on. Where that cannot be asked, nobody waits.
  return receiver.getSynchronizationSources?.().length !== 0;
}

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

/**
 * Receiving and drawing come first: who joins waits for a picture, and its own encoders take all the processor. Voices are
 * sent as soon as there is a call to see, since its participant may speak.
 *
 * @param negotiated sending begins after what is received is negotiated, or cannot be
 * @param receiver of the first media session of a call; later ones wait for nothing more
 * @param send kinds of tracks that may be sent from now on
 */
export async function sendInTurn(
  negotiated: Promise<void>,
  receiver: { firstPicture(): Promise<void> } | undefined,
  send: (kinds: readonly ('audio' | 'video')[]) => void,
): Promise<void> {
  await negotiated.catch(() => {});
  if (receiver) {
    await receiver.firstPicture();
    send(['audio']);
    await drawn();
  }
  send(['audio', 'video']);
}

/** Resolves when a page has drawn what it has learned just now, or after a moment: a hidden page draws nothing. */
async function drawn(): Promise<void> {
  const { requestAnimationFrame: nextFrame } = globalThis;
  if (!nextFrame) return;
  const frames = new Promise<void>((resolve) => nextFrame(() => nextFrame(() => resolve())));
  await Promise.race([frames, sleep(DRAWN_MS)]);
}

function hasShown(receiver: RTCRtpReceiver): boolean {
  // A source is known from its first decoded frame on. Where that cannot be asked, nobody waits.
  return receiver.getSynchronizationSources?.().length !== 0;
}

// Shows a notice when a participant speaks while muted.
import { effect } from '@preact/signals';
import { notify } from '../kit/notices.tsx';
import { SPEECH_LEVEL, watchLevel } from '../media/level.ts';
import type { LocalMedia } from '../media/local-media.ts';

/** Speech lasts this long; a cough or a key press does not. */
const SPEAKING_MS = 700;
const REPEAT_MS = 30_000;

/** @returns a function that ends it */
export function hintWhileMuted({ microphone }: LocalMedia): () => void {
  let hintedAt = Number.NEGATIVE_INFINITY;
  return effect(() => {
    const track = microphone.track.value;
    if (!track || microphone.on.value) return;
    let since: number | undefined;
    return watchLevel(track, (level) => {
      const now = performance.now();
      if (level < SPEECH_LEVEL) since = undefined;
      else since ??= now;
      if (since === undefined || now - since < SPEAKING_MS || now - hintedAt < REPEAT_MS) return;
      hintedAt = now;
      notify({ text: 'You are muted. Press M or the microphone button to be heard.' });
    });
  });
}

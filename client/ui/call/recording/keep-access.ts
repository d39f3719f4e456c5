// Asks for the right to see the room's recordings while the call can give it, so that it is there after the call.
import { computed, effect } from '@preact/signals';
import { keptAccess } from '../../recordings/data/access.ts';
import type { CallModel } from '../call-model.ts';

/** After the join, which is more urgent, and again after a failure. */
const FIRST_MS = 1_000;
const AGAIN_MS = 30_000;
/** Renewed at least this often: also in a long call it is fresh at the end. */
const RENEW_MS = 600_000;

/** For as long as we may record. @returns a function that ends it */
export function keepAccess({ call, recordingTerms }: CallModel): () => void {
  const kept = keptAccess(call.room.room);
  const allowed = computed(() => recordingTerms.value?.allowed === true);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  const ask = async () => {
    const given = await call.recording.access().catch(() => undefined);
    if (given) kept.add(given);
    if (!ended && allowed.peek())
      timer = setTimeout(ask, given ? renewIn(given.expiresAt) : AGAIN_MS);
  };
  const dispose = effect(() => {
    clearTimeout(timer);
    if (allowed.value) timer = setTimeout(ask, FIRST_MS);
  });
  return () => {
    ended = true;
    dispose();
    clearTimeout(timer);
  };
}

/** In half of the time that is left. @param expiresAt UTC seconds */
function renewIn(expiresAt: number): number {
  const left = expiresAt * 1000 - Date.now();
  return Math.min(RENEW_MS, Math.max(AGAIN_MS, left / 2));
}

// Chooses the speaker that a film shows. It changes more rarely than the loudest participant does.
import type { Speakers } from '../manifest/timeline.ts';

/** A picture that changes faster cannot be watched. */
const LEAST_MS = 2_000;
/** A cough, or a yes, is no speech. */
const AFTER_SILENCE_MS = 400;
/** While the one who is shown speaks too. */
const AFTER_SPEECH_MS = 1_500;

export interface Spotlight {
  /** UTC milliseconds: shown from here on. */
  at: number;
  participantId: string;
}

/** @param speakers in the order of time. Those who are not there any more are the caller's affair. */
export function spotlights(speakers: readonly Speakers[]): Spotlight[] {
  const shown: Spotlight[] = [];
  let loudest: { id: string; since: number } | undefined;
  for (const [index, { at, participantIds }] of speakers.entries()) {
    const [id] = participantIds;
    if (id === undefined) {
      loudest = undefined;
      continue;
    }
    if (loudest?.id !== id) loudest = { id, since: at };
    const current = shown.at(-1);
    if (current?.participantId === id) continue;
    const speaksToo = current !== undefined && participantIds.includes(current.participantId);
    const switchAt = Math.max(
      at,
      loudest.since + (speaksToo ? AFTER_SPEECH_MS : AFTER_SILENCE_MS),
      current === undefined ? -Infinity : current.at + LEAST_MS,
    );
    if (switchAt < (speakers[index + 1]?.at ?? Infinity)) {
      shown.push({ at: switchAt, participantId: id });
    }
  }
  return shown;
}

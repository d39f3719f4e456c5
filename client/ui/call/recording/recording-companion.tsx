// What comes with a recording besides the sign that it runs: announcements, a tone, the question, and the right to see it
// afterwards.
import { effect } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { announce } from '../../kit/announcer.tsx';
import type { RoomSession } from '../../room/session.ts';
import type { CallModel } from '../call-model.ts';
import { ConsentPanel } from './consent-panel.tsx';
import { keepAccess } from './keep-access.ts';
import { playTone } from './tone.ts';
import { changeText, isAsked } from './words.ts';

export interface CompanionProps {
  model: CallModel;
  session: RoomSession;
}

export function RecordingCompanion({ model, session }: CompanionProps) {
  useEffect(() => {
    const cleanups = [watchRecording(model, session), keepAccess(model)];
    return () => {
      for (const cleanup of cleanups) cleanup();
    };
  }, [model]);
  const { recordingTerms, recording, self } = model;
  return isAsked(recordingTerms.value, recording.value, self.value) ? (
    <ConsentPanel model={model} />
  ) : null;
}

/** A recording that ran before we came was shown before the join: it is said, and not heard. */
function watchRecording(model: CallModel, { media }: RoomSession): () => void {
  let before = model.recording.peek();
  if (before) announce('This call is being recorded.');
  return effect(() => {
    const after = model.recording.value;
    if (after === before) return;
    const { participants } = model.room.peek();
    const starter = participants.find(({ id }) => id === after?.startedBy)?.name;
    const text = changeText(before, after, after?.startedBy === model.selfId ? 'You' : starter);
    if (text !== undefined) announce(text);
    const isOther = before?.id !== after?.id;
    if (isOther && model.recordingTerms.peek()?.audible) {
      void playTone(after ? 'start' : 'stop', media.speaker.peek());
    }
    before = after;
  });
}

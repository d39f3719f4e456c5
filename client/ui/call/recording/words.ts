// What people in a call read and hear about its recording. Pure.
import type { CallRecording } from '../../../../shared/protocol/recording-messages.ts';
import type { Participant, RoomRecording, RoomSnapshot } from '../../../../shared/room/room.ts';

/** At most one at a time. Servers that do not record say nothing of any. */
export function recordingOf(room: RoomSnapshot): RoomRecording | undefined {
  return room.recordings?.[0];
}

/** @param short for a place with room for one or two words */
export function statusText({ paused, trouble }: RoomRecording, short = false): string {
  if (paused) return short ? 'Paused' : 'Recording paused';
  if (trouble) return short ? 'Not saved' : 'Recording is not saved';
  return 'Recording';
}

/** Why nothing is kept at the moment, and what to do. @returns undefined when it is */
export function troubleText({ trouble }: RoomRecording): string | undefined {
  if (!trouble) return undefined;
  return trouble === 'full'
    ? 'The server has no room left for recordings. Tell whoever runs it.'
    : 'The server cannot write recordings. Tell whoever runs it.';
}

/** What a screen reader says of a change. @returns undefined when there is nothing to say */
export function changeText(
  before: RoomRecording | undefined,
  after: RoomRecording | undefined,
  starter: string | undefined,
): string | undefined {
  if (!after) return before && 'The recording has stopped.';
  if (before?.id !== after.id) {
    return starter === undefined ? 'A recording has started.' : `${starter} started a recording.`;
  }
  if ((before.trouble ?? '') !== (after.trouble ?? '')) {
    const why = troubleText(after);
    if (why === undefined) return 'The recording is saved again.';
    return `The recording is not saved at the moment. The call goes on. ${why}`;
  }
  if (before.paused === after.paused) return undefined;
  return after.paused ? 'The recording is paused.' : 'The recording goes on.';
}

/** @param starter the name of who started it, or undefined when they have left, or nobody in the call did */
export function startedText(starter: string | undefined, clock: string): string {
  return starter === undefined ? `Started at ${clock}` : `Started by ${starter} at ${clock}`;
}

/** `9:05`, `1:02:03`. @param ms milliseconds; less than none is none */
export function elapsedText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const end = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${end}` : `${minutes}:${end}`;
}

/** Whether this participant is recorded. Where participants are asked, only those are who agreed. */
export function isRecorded(
  terms: CallRecording | undefined,
  self: Participant | undefined,
): boolean {
  return !terms?.askConsent || self?.consent === true;
}

/** Whether the question is to be shown. */
export function isAsked(
  terms: CallRecording | undefined,
  recording: RoomRecording | undefined,
  self: Participant | undefined,
): boolean {
  return (
    terms?.askConsent === true &&
    recording !== undefined &&
    self !== undefined &&
    self.consent === undefined
  );
}

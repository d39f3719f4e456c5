// The menu of a running recording, for participants who may record and for those who were asked.
import { CircleDot, Clapperboard, Pause, Play, Square } from 'lucide';
import { announce } from '../../kit/announcer.tsx';
import type { MenuGroup, MenuItem } from '../../kit/menu.tsx';
import { notify } from '../../kit/notices.tsx';
import { recordingsPath } from '../../recordings/data/address.ts';
import type { CallModel } from '../call-model.ts';
import { isRecorded, startedText } from './words.ts';

/** The menu of the status and of the Record button. It is empty when nothing can be done. */
export function recordingMenu(model: CallModel): MenuGroup[] {
  const running = model.recording.value;
  const terms = model.recordingTerms.value;
  if (!running) return [];
  const groups: MenuGroup[] = [];
  if (terms?.allowed) {
    groups.push({ label: startedBy(model), items: controls(model) });
  }
  if (terms?.askConsent) {
    const recorded = isRecorded(terms, model.self.value);
    groups.push({
      label: recorded ? 'You are recorded' : 'You are not recorded',
      items: [
        choice('Record me', recorded, () => answer(model, true)),
        choice('Do not record me', !recorded, () => answer(model, false)),
      ],
    });
  }
  return groups;
}

/** Those of the menu "More", where the toolbar has no place for its button. */
export function recordItems(model: CallModel): MenuItem[] {
  if (!model.recordingTerms.value?.allowed) return [];
  if (model.recording.value) return controls(model);
  return [{ label: 'Record', icon: CircleDot, run: () => void start(model) }];
}

/** In another tab: the call goes on in this one. */
export function recordingsItem({ recordingTerms, call }: CallModel): MenuItem[] {
  if (!recordingTerms.value?.allowed) return [];
  const open = () => window.open(recordingsPath(call.room.room), '_blank', 'noopener');
  return [{ label: 'Recordings', icon: Clapperboard, run: open }];
}

export async function start({ call }: CallModel): Promise<void> {
  await orNotice(call.recording.start());
}

/** @returns whether the server has the answer */
export async function answer({ call }: CallModel, agreed: boolean): Promise<boolean> {
  if (!(await orNotice(call.recording.setConsent(agreed)))) return false;
  announce(agreed ? 'You are recorded.' : 'You are not recorded.');
  return true;
}

/** By whom and since when it runs. */
export function startedBy({ room, recording, selfId }: CallModel): string {
  const running = recording.value;
  if (!running) return '';
  const clock = new Date(running.startedAt).toLocaleTimeString('en-GB', { timeStyle: 'short' });
  if (running.startedBy === selfId) return startedText('you', clock);
  const { participants } = room.value;
  return startedText(participants.find(({ id }) => id === running.startedBy)?.name, clock);
}

function controls({ call, recording }: CallModel): MenuItem[] {
  const paused = recording.value?.paused ?? false;
  return [
    {
      label: paused ? 'Resume recording' : 'Pause recording',
      icon: paused ? Play : Pause,
      run: () => void orNotice(call.recording.setPaused(!paused)),
    },
    {
      label: 'Stop recording',
      icon: Square,
      danger: true,
      run: () => void orNotice(call.recording.stop()),
    },
  ];
}

function choice(label: string, checked: boolean, run: () => Promise<unknown>): MenuItem {
  return { label, checked, run: () => void run() };
}

async function orNotice(request: Promise<void>): Promise<boolean> {
  try {
    await request;
    return true;
  } catch (error) {
    notify({ text: error instanceof Error ? error.message : String(error), tone: 'warning' });
    return false;
  }
}

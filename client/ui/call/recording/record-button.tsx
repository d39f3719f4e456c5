// Starts a recording; while one runs, asks what to do with it.
import { useSignal } from '@preact/signals';
import { CircleDot } from 'lucide';
import { ControlButton } from '../../kit/control-button.tsx';
import { toggleMenu } from '../../kit/menu.tsx';
import { canShareScreen } from '../../media/browser-facts.ts';
import type { CallModel } from '../call-model.ts';
import { recordingMenu, start } from './recording-menu.ts';

/** A line of a phone has seven buttons: where screens can be shared too, recording is in the menu "More". */
export function isRecordInToolbar({ compact, recordingTerms }: CallModel): boolean {
  return recordingTerms.value?.allowed === true && !(compact.value && canShareScreen());
}

export function RecordButton({ model, showLabel }: { model: CallModel; showLabel: boolean }) {
  const starting = useSignal(false);
  const running = model.recording.value !== undefined;
  const begin = async () => {
    starting.value = true;
    await start(model);
    starting.value = false;
  };
  return (
    <ControlButton
      label="Record"
      icon={CircleDot}
      pressed={running}
      look={running ? 'recording' : 'plain'}
      tip={running ? 'Pause or stop the recording' : 'Record the call'}
      menu={running}
      disabled={starting.value && !running}
      showLabel={showLabel}
      onClick={({ currentTarget }) => {
        if (running) toggleMenu(currentTarget, 'Recording', recordingMenu(model));
        else void begin();
      }}
    />
  );
}

// Asks before a recording is deleted.
import { useSignal } from '@preact/signals';
import type { RecordingSummary } from '../../../shared/recording/recording.ts';
import { announce } from '../kit/announcer.tsx';
import { Dialog } from '../kit/dialog.tsx';
import { messageOf } from './data/download.ts';
import type { RecordingsApi } from './data/recordings-api.ts';
import { nameOf } from './data/words.ts';

export interface DeleteDialogProps {
  api: RecordingsApi;
  recording: RecordingSummary;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteDialog({ api, recording, onClose, onDeleted }: DeleteDialogProps) {
  const problem = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const run = async () => {
    if (busy.value) return;
    busy.value = true;
    try {
      await api.remove(recording.id);
      announce('The recording was deleted.');
      onClose();
      onDeleted();
    } catch (error) {
      problem.value = messageOf(error);
      busy.value = false;
    }
  };
  return (
    <Dialog title="Delete this recording?" onClose={onClose}>
      <p>
        {nameOf(recording)}: its tracks and films are deleted, and links to them end. Nobody can
        bring it back.
      </p>
      {problem.value !== undefined && (
        <p class="field-error" role="alert">
          {problem.value}
        </p>
      )}
      <div class="dialog-actions">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          class="button danger"
          aria-disabled={busy.value}
          onClick={() => void run()}
        >
          Delete
        </button>
      </div>
    </Dialog>
  );
}

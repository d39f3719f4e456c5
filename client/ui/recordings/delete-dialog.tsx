// Asks before a recording is deleted.
import type { RecordingSummary } from '../../../shared/recording/recording.ts';
import { AskDialog } from '../kit/dialogs/ask-dialog.tsx';
import type { RecordingsApi } from './data/recordings-api.ts';
import { nameOf } from './data/words.ts';

export interface DeleteDialogProps {
  api: RecordingsApi;
  recording: RecordingSummary;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteDialog({ api, recording, onClose, onDeleted }: DeleteDialogProps) {
  return (
    <AskDialog
      title="Delete this recording?"
      button="Delete"
      danger
      action={() => api.remove(recording.id)}
      done="The recording was deleted."
      onDone={onDeleted}
      onClose={onClose}
    >
      <p>
        {nameOf(recording)}: its tracks and films are deleted, and links to them end. Nobody can
        bring it back.
      </p>
    </AskDialog>
  );
}
